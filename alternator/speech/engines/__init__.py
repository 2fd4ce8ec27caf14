"""The speech engines, a module each; ``registry.py`` finds them by name."""
