"""What a step of the sharing out reads, of a hundred thousand accounts."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import psycopg
import pytest

from alternator.store.postgres.enrolment import AT_ONCE, NEXT
from alternator.store.postgres.leases import share_out
from alternator.store.postgres.store import PostgresStore

ALL = 100_000
HELD = 10_000  # by each of nine bots
FREE, OVER, PAUSED = 30, 20, 5000
MANY = f"""
INSERT INTO watched (key, source, server, handle, created, paused, holder, until)
SELECT 'member:' || lpad(n::text, 6, '0'), 'member', 'https://one.example',
    'user' || n || '@one.example', 0, n > {ALL - PAUSED},
    CASE WHEN n <= {9 * HELD} THEN 'bot-' || n % 9
        WHEN n <= {9 * HELD + OVER} THEN 'gone' WHEN n <= {ALL - PAUSED - FREE} THEN 'bot-9' END,
    CASE WHEN n <= {9 * HELD} OR n > {9 * HELD + OVER} THEN alternator_now() + 300
        ELSE alternator_now() - 1 END
FROM generate_series(1, {ALL}) AS n
"""
Plan = Mapping[str, Any]


class Explaining:
    """A connection that has each statement explained as it was carried out, before it is."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection
        self.plans: list[Plan] = []

    def execute(self, query: str, values: Any = None) -> "psycopg.Cursor[Any]":
        if not query.startswith("SET"):
            with self._connection.transaction(force_rollback=True):
                row = self._connection.execute(
                    f"EXPLAIN (ANALYZE, FORMAT JSON) {query}".encode(), values
                ).fetchone()
            assert row is not None
            self.plans.append(row[0][0]["Plan"])
        return self._connection.execute(query.encode(), values)


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def scans(plans: list[Plan]) -> list[Plan]:
    """Where accounts are read; not where their places are looked up first."""
    found = (node for plan in plans for node in nodes(plan) if "Scan" in node["Node Type"])
    return [node for node in found if node.get("Relation Name") == "watched"]


def read(node: Plan) -> int:
    """How many rows were read at a place, those included that were passed over."""
    loops = node["Actual Loops"]
    passed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int((node["Actual Rows"] + passed) * loops)


@pytest.fixture
def many(shared: PostgresStore) -> PostgresStore:
    """So many accounts of ten bots, nearly all of them held."""
    with shared.database.plain() as connection:
        connection.execute(MANY.encode())
        connection.execute("ANALYZE watched")
    return shared


def test_a_step_reads_what_it_holds_and_what_is_free(many: PostgresStore):
    with many.database.plain() as connection, connection.transaction():
        explaining = Explaining(connection)
        # An eleventh of all: some are given up. Ten bots hold more than their share.
        share_out(cast("Any", explaining), "bot-3", 11, 30.0)
        found = scans(explaining.plans)
        assert found and not [node for node in found if node["Node Type"] == "Seq Scan"]
        assert max(map(read, found)) <= HELD
        # What was just given up, and one row of each other holder.
        explaining.plans.clear()
        share_out(cast("Any", explaining), "bot-new", 11, 30.0)
        found = scans(explaining.plans)
        assert found and not [node for node in found if node["Node Type"] == "Seq Scan"]
        number = (ALL - PAUSED + 10) // 11
        assert max(map(read, found)) <= HELD - number + FREE + OVER
        taken = connection.execute("SELECT count(*) FROM watched WHERE holder = 'bot-new'")
        assert taken.fetchone() == (HELD - number + FREE + OVER,)


def test_the_members_are_read_in_parts(many: PostgresStore):
    with many.database.plain() as connection, connection.transaction():
        explaining = Explaining(connection)
        rows = explaining.execute(NEXT, ("member", "user5", "", AT_ONCE)).fetchall()
        [node] = scans(explaining.plans)
        assert node["Index Name"] == "watched_by_name" and read(node) == AT_ONCE
    assert len(rows) == AT_ONCE
    entries = iter(many.cluster.enrolment.each("member"))
    handles = [entry.handle for entry, _ in zip(entries, range(3 * AT_ONCE), strict=False)]
    assert handles == sorted(handles) and len(set(handles)) == 3 * AT_ONCE
