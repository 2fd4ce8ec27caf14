"""A vision endpoint that describes the pictures of the sandbox."""
