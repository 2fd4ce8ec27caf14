"""The server: its client, its errors, its stream, and the edit of a post."""
