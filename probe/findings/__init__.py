"""Every kind of finding: its code, its data and its words, by subject."""
