"""What the bot remembers between two starts."""
