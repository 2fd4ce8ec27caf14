"""Whisper's models: where they are, how they get there, and what is in them."""
