"""From templates and a base to an image."""
