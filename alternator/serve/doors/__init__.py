"""Doors beside OpenAI's: protocols whose clients people already have."""
