"""The Python packages of an image: resolved, locked by hash, fetched."""
