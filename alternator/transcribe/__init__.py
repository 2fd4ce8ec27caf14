"""The command ``alternator transcribe``."""
