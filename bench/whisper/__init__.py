"""Measures Whisper: speed, memory and words, beside its peers. ``python -m bench.whisper``."""
