"""The container engine: which one, what it can, how it gets here."""
