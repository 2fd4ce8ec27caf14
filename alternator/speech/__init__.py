"""Turns sound into text, whoever asks: the bot, the command, later a server."""
