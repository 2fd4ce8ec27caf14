"""``alternator web``: the dashboard of a cluster, and the pages of its members."""
