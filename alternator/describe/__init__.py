"""``alternator describe``: the description that the bot would write, of any file."""
