"""The bot and its command line."""
