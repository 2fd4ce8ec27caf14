"""The engine ``openai-api``: any server that speaks OpenAI's audio API."""
