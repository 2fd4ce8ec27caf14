"""An account that describes for others who ask it to, since it can't edit their posts."""
