"""``alternator serve``: OpenAI's audio API over HTTP, for many clients of one machine."""
