"""The accounts that are watched, and who watches them: the table ``watched``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from alternator.store.cluster import GONE_SECONDS, Enrolled, Source
from alternator.store.postgres.database import Database
from alternator.store.postgres.guard import OURS
from alternator.store.postgres.leases import share_out
from alternator.store.totals import Totals

COLUMNS = (
    "key, source, server, handle, account, token, settings, created, paused, "
    "CASE WHEN until > alternator_now() THEN holder END"
)
# The number of our advisory lock (guard.py) under which accounts are shared out.
SHARING = 3

# As `name_of` calls them (alternator/members/credentials.py), whatever the capitals.
NAME = "lower(COALESCE(NULLIF(handle, ''), key) COLLATE \"C\")"
# The next so many of a kind by their names, after one.
NEXT = (
    f"SELECT {COLUMNS}, {NAME} FROM watched WHERE source = %s AND ({NAME}, key) > (%s, %s) "
    f"ORDER BY {NAME}, key LIMIT %s"
)
AT_ONCE = 500
OF_SOURCE = "(%(source)s::text IS NULL OR source = %(source)s)"
NAMED = f"{OF_SOURCE} AND strpos(lower((handle || ' ' || key) COLLATE \"C\"), %(name)s) > 0"
# By kinds first: of a kind there are many, and what is true of one is found out once.
TOTALS = """
WITH kinds AS (
    SELECT source, paused, holder, until > moment AS held, count(*) AS number
    FROM (SELECT alternator_now() AS moment OFFSET 0) AS now, watched GROUP BY 1, 2, 3, 4
)
SELECT COALESCE(sum(number) FILTER (WHERE source = 'member'), 0)::bigint,
    COALESCE(sum(number) FILTER (WHERE source = 'config'), 0)::bigint,
    COALESCE(sum(number) FILTER (WHERE paused), 0)::bigint,
    COALESCE(sum(number) FILTER (WHERE held), 0)::bigint,
    COALESCE(sum(number) FILTER (WHERE NOT paused AND (there.id IS NULL OR NOT held)), 0)::bigint
FROM kinds LEFT JOIN process AS there
    ON there.id = kinds.holder AND there.seen > alternator_now() - %s
"""


class PostgresEnrolment:
    """``alternator.store.cluster.Enrolment``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enrol(self, entry: Enrolled) -> None:
        """Watch an account from now on, or with another token and other settings."""
        with self._database.plain() as connection:
            connection.execute(
                "INSERT INTO watched (key, source, server, handle, account, token, settings, "
                "created, paused) VALUES (%s, %s, %s, %s, %s, %s, %s, alternator_now(), %s = 1) "
                "ON CONFLICT (key) DO UPDATE SET source = excluded.source, "
                "server = excluded.server, token = excluded.token, settings = excluded.settings, "
                "handle = CASE WHEN excluded.handle = '' THEN watched.handle "
                "ELSE excluded.handle END, "
                # Another server's account is another account.
                "account = CASE WHEN watched.server = excluded.server "
                "THEN COALESCE(excluded.account, watched.account) ELSE excluded.account END",
                (
                    entry.key,
                    entry.source,
                    entry.server,
                    entry.handle,
                    entry.account,
                    entry.token,
                    Jsonb(dict(entry.settings)),
                    entry.paused,
                ),
            )

    def change(self, key: str, settings: Mapping[str, object]) -> None:
        """A member's own settings are these from now on; all else stays."""
        with self._database.plain() as connection:
            connection.execute(
                "UPDATE watched SET settings = %s WHERE key = %s", (Jsonb(dict(settings)), key)
            )

    def reseal(self, key: str, before: bytes | None, token: bytes) -> bool:
        """A member's token is kept so from now on, if it was kept as ``before``; whether it was."""
        with self._database.plain() as connection:
            resealed = connection.execute(
                "UPDATE watched SET token = %s WHERE key = %s AND token IS NOT DISTINCT FROM %s",
                (token, key, before),
            )
            return resealed.rowcount == 1

    def bind(self, key: str, account: int, handle: str) -> None:
        """An account was signed in: this is its row of the state, and its name."""
        with self._database.plain() as connection:
            bound = connection.execute(
                "UPDATE watched SET account = %s, handle = %s WHERE key = %s "
                "AND (account IS DISTINCT FROM %s OR handle != %s)",
                (account, handle, key, account, handle),
            ).rowcount
            if bound:
                # What waited for it has jobs that found nobody to work for.
                connection.execute("SELECT alternator_follow_all(%s)", (account,))

    def get(self, key: str) -> Enrolled | None:
        """One of them."""
        return self._one("key = %s", key)

    def of_account(self, account: int) -> Enrolled | None:
        """The one with this row of the state."""
        return self._one("account = %s ORDER BY key LIMIT 1", account)

    def all(self, *, source: Source | None = None) -> Sequence[Enrolled]:
        """All of them, by their keys."""
        return self._several("(%s::text IS NULL OR source = %s) ORDER BY key", source, source)

    def each(self, source: Source) -> Iterator[Enrolled]:
        """One after the other, by their names; so many are kept at once."""
        name, key = "", ""
        while True:
            with self._database.plain() as connection:
                rows = connection.execute(NEXT, (source, name, key, AT_ONCE)).fetchall()
            for *row, next_name in rows:
                name, key = next_name, row[0]
                yield entry_of(row)
            if len(rows) < AT_ONCE:
                return

    def named(self, name: str, source: Source) -> Sequence[Enrolled]:
        """Those with this very name, whatever its capitals, or key."""
        return self._several(
            f"source = %s AND {NAME} = %s OR key = %s AND source = %s ORDER BY key",
            source,
            name.lower(),
            name,
            source,
        )

    def totals(self) -> Totals:
        """How many there are of which kind."""
        with self._database.plain() as connection:
            row = connection.execute(TOTALS, (GONE_SECONDS,)).fetchone()
        assert row is not None, "a count gives a row"
        members, configured, paused, watched, unwatched = row
        return Totals(
            members=members,
            configured=configured,
            paused=paused,
            watched=watched,
            unwatched=unwatched,
        )

    def found(
        self, name: str = "", *, source: Source | None = None, most: int, skip: int = 0
    ) -> tuple[Sequence[Enrolled], int]:
        """Some of those with a text in their names or keys, by their names; how many there are."""
        values = {"name": name.lower(), "source": source}
        which = NAMED if name else OF_SOURCE
        # Sorted are names alone: what belongs to them is fetched of those that are shown.
        shown = f"SELECT key FROM watched WHERE {which} ORDER BY {NAME}, key LIMIT {most:d}"
        with self._database.plain() as connection:
            row = connection.execute(
                f"SELECT count(*) FROM watched WHERE {which}", values
            ).fetchone()
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM watched WHERE key IN ({shown} OFFSET {skip:d}) "
                f"ORDER BY {NAME}, key",
                values,
            ).fetchall()
        return [entry_of(one) for one in rows], 0 if row is None else int(row[0])

    def pause(self, key: str, paused: bool) -> None:
        """Nothing is done for it, until it goes on."""
        with self._database.plain() as connection:
            connection.execute("UPDATE watched SET paused = (%s = 1) WHERE key = %s", (paused, key))
            if not paused:
                connection.execute(
                    "SELECT alternator_follow_all(account) FROM watched "
                    "WHERE key = %s AND account IS NOT NULL",
                    (key,),
                )

    def withdraw(self, key: str) -> None:
        """Watch it no more."""
        with self._database.plain() as connection:
            connection.execute("DELETE FROM watched WHERE key = %s", (key,))

    def lease(self, holder: str, *, watchers: int, seconds: float) -> Sequence[Enrolled]:
        """Hold a fair share of the accounts for so many seconds from now."""
        with self._database.plain() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (OURS, SHARING))
            share_out(connection, holder, max(watchers, 1), seconds)
        return self._several("holder = %s AND NOT paused ORDER BY key", holder)

    def release(self, holder: str) -> None:
        """Hold none any more."""
        with self._database.plain() as connection:
            connection.execute(
                "UPDATE watched SET holder = NULL, until = 0 WHERE holder = %s", (holder,)
            )

    def _one(self, condition: str, *values: object) -> Enrolled | None:
        found = self._several(condition, *values)
        return found[0] if found else None

    def _several(self, condition: str, *values: object) -> list[Enrolled]:
        with self._database.plain() as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM watched WHERE {condition}",
                values,
            ).fetchall()
        return [entry_of(row) for row in rows]


def entry_of(row: Sequence[Any]) -> Enrolled:
    """What the columns of a row say."""
    return Enrolled(
        key=row[0],
        source=row[1],
        server=row[2],
        handle=row[3],
        account=row[4],
        token=None if row[5] is None else bytes(row[5]),
        settings=row[6],
        created=row[7],
        paused=row[8],
        holder=row[9],
    )
