"""How the accounts are shared out among the bots: the leases of the table ``watched``.

Each step reads the accounts that the bot holds and those that nobody does, by indexes: how many
there are in all stands in a row of its own, and of what others hold one row for each of them is
looked at, since a holder's leases are renewed together and end together.
"""

from typing import Any

import psycopg

# Whoever keeps a plan that was made for an empty table would read all of it.
BY_INDEX = "SET LOCAL enable_seqscan = off"
SHARE = "(SELECT ceil(number / %(watchers)s::numeric)::bigint FROM to_watch)"
# What is paused is watched by nobody, and what is beyond a fair share by others.
PAUSED = "UPDATE watched SET holder = NULL, until = 0 WHERE holder = %(holder)s AND paused"
GIVEN_UP = f"""
UPDATE watched SET holder = NULL, until = 0 WHERE key = ANY (ARRAY(
    SELECT key FROM watched WHERE holder = %(holder)s AND NOT paused ORDER BY key OFFSET {SHARE}))
"""
RENEWED = """
UPDATE watched SET until = alternator_now() + %(seconds)s
WHERE holder = %(holder)s AND NOT paused
"""
# Of a lease that is over, or that was written while a clock was wrong.
OVER = "(until <= alternator_now() OR until > alternator_now() + %(longest)s)"
# What nobody holds, or one that has not renewed in time, up to a fair share.
TAKEN = f"""
WITH RECURSIVE holders AS (
    (SELECT holder, until FROM watched WHERE holder IS NOT NULL
        ORDER BY holder, paused, key LIMIT 1)
    UNION ALL
    SELECT another.holder, another.until FROM holders, LATERAL (
        SELECT holder, until FROM watched WHERE holder > holders.holder
        ORDER BY holder, paused, key LIMIT 1) AS another
)
UPDATE watched SET holder = %(holder)s, until = alternator_now() + %(seconds)s
WHERE key = ANY (ARRAY(
    (SELECT key FROM watched WHERE holder IS NULL AND NOT paused ORDER BY key LIMIT %(room)s)
    UNION ALL
    (SELECT key FROM watched WHERE NOT paused AND {OVER}
        AND holder = ANY (ARRAY(SELECT holder FROM holders WHERE {OVER})) LIMIT %(room)s)
    LIMIT %(room)s))
"""


# size: the connection, and the three that ``Enrolment.lease`` has.
def share_out(
    connection: "psycopg.Connection[Any]", holder: str, watchers: int, seconds: float
) -> None:
    """Have a holder hold its fair share, in a transaction that nobody else does this in.

    What it holds is held on for so many seconds from now, up to an equal part for each of the
    ``watchers``.
    """
    values = {"holder": holder, "watchers": watchers, "seconds": seconds, "longest": 10 * seconds}
    connection.execute(BY_INDEX)
    connection.execute(PAUSED, values)
    connection.execute(GIVEN_UP, values)
    held = connection.execute(RENEWED, values).rowcount
    row = connection.execute(f"SELECT {SHARE}", values).fetchone()
    room = 0 if row is None else int(row[0]) - held
    if room > 0:
        connection.execute(TAKEN, values | {"room": room})
