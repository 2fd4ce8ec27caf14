"""``alternator.toml`` and its variables, read into frozen settings."""
