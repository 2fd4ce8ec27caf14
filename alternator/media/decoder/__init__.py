"""What runs in the decoder's own process: a picture's file → what a model is shown of it.

Pillow is imported here and nowhere else in the bot: it stays out of the bot's own process.
"""
