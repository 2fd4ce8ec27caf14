"""From facts and tables to a choice with its reasons. Touches nothing."""
