"""The forms that a Whisper checkpoint comes in: one module reads one of them."""
