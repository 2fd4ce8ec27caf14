"""Accounts that their owners connected on a page: keys, choices, what is shown, how they leave."""
