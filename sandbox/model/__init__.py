"""The server's state and its rules."""
