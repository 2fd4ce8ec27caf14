"""Whisper's computation, batched: what the engine ``alternator`` is made of."""
