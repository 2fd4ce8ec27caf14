"""What SQLite says in a way of its own."""

from alternator.store.sql.database import Dialect

# Of one post's rows the plus keeps SQLite from going through all that waits
# (https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_): with
# 10,000 attachments each claim took 1.0 ms so, and takes 0.04 ms. A transaction is alone with the
# file, so nothing needs to be locked in it.
DIALECT = Dialect(
    queue="INDEXED BY attachment_queue",
    waiting="+state = 'waiting'",
    locked="",
    lock_post=None,
    lock_edits=None,
)
