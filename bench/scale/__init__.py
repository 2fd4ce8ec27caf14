"""What a cluster bears: ``python -m bench.scale``."""
