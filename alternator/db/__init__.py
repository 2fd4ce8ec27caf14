"""``alternator db``: the tables of a PostgreSQL database, and what is copied into it."""
