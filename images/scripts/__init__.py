"""Scripts that run inside a build."""
