"""The store in a PostgreSQL database, which several processes and machines share."""
