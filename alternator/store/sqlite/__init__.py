"""The store's home on one machine: an SQLite file."""
