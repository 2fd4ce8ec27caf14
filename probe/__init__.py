"""Which hardware is here, and which torch build and image suit it. Standard library only."""
