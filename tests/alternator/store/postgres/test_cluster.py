"""What all processes know: the limits, who is there, all of an account at once."""

import json
from dataclasses import replace

import pytest

from alternator.errors import TemporaryStateError
from alternator.store.cluster import OF_ACCOUNT, Enrolled, Process
from alternator.store.errands import Errand
from alternator.store.outcomes import Found
from alternator.store.postgres import processes
from alternator.store.postgres.cluster import PostgresCluster
from alternator.store.postgres.store import PostgresStore
from alternator.store.sql.state import SqlAccountState


def filled(shared: PostgresStore, cluster: PostgresCluster, remote_id: str) -> SqlAccountState:
    """An account with a row in several tables."""
    state = shared.use_account("https://one.example", remote_id)
    key = f"member:{remote_id}"
    cluster.enrolment.enrol(
        Enrolled(key=key, source="member", server="https://one.example", token=b"very-secret")
    )
    cluster.enrolment.bind(key, state.key, f"{remote_id}@one.example")
    state.record([Found(status_id=f"9{remote_id}", attachment_ids=("a", "b"), backfill=False)])
    state.admit_old([f"8{remote_id}"], 5)
    state.errands.ask(Errand(kind="undo", status_id=f"9{remote_id}", attachment_id="a"))
    state.ledger.spend("edit")
    state.ledger.answered(f"9{remote_id}", ["r"])
    cluster.limits.set(state.key, "a-token", "read", 60.0)
    return state


def test_limits_are_one_for_all(shared: PostgresStore, cluster: PostgresCluster):
    state = shared.use_account("https://one.example", "7")
    assert cluster.limits.get(state.key, "a-token") == {}
    cluster.limits.set(state.key, "a-token", "edit", 60.0)
    cluster.limits.set(state.key, "a-token", "reserve", 1e9)
    found = cluster.limits.get(state.key, "a-token")
    assert 50 < found["edit"] <= 60
    assert found["reserve"] <= 3601  # a clock that was wrong holds nothing up for days
    cluster.limits.set(state.key, "a-token", "edit", 0.0)
    assert set(cluster.limits.get(state.key, "a-token")) == {"reserve"}


def test_what_is_met_with_a_former_token_holds_nobody_up(
    shared: PostgresStore, cluster: PostgresCluster
):
    state = shared.use_account("https://one.example", "7")
    limits = cluster.limits
    limits.set(state.key, "former", "read", 300.0)
    limits.refuse(state.key, "former", 300.0)
    assert limits.get(state.key, "current") == {}
    assert not limits.is_refused(state.key, "current")
    limits.set(state.key, "current", "edit", 60.0)
    # The end of a former token's limit is not the end of this one's.
    limits.set(state.key, "former", "edit", 0.0)
    assert set(limits.get(state.key, "current")) == {"edit"}
    assert set(limits.get(state.key, "former")) == {"read"}
    with shared.database.plain() as connection:
        connection.execute("UPDATE limits SET until = alternator_now() - 1")
    # What is over goes with the next that is written, and no token is kept.
    limits.set(state.key, "current", "edit", 60.0)
    with shared.database.plain() as connection:
        rows = connection.execute("SELECT kind FROM limits").fetchall()
    assert len(rows) == 1 and "current" not in str(rows)


def test_a_process_is_seen_until_it_goes(shared: PostgresStore, cluster: PostgresCluster):
    one = Process(id="a", role="bot", host="h", pid=1, version="0.1", facts={"accounts": 3})
    cluster.processes.come(one)
    cluster.processes.beat("a", {"accounts": 4})
    [found] = cluster.processes.seen()
    assert (found.role, found.facts) == ("bot", {"accounts": 4})
    assert found.started <= found.seen <= cluster.now()
    with shared.database.plain() as connection:
        connection.execute("UPDATE process SET seen = seen - 100")
    assert not cluster.processes.seen(within=30.0)
    assert cluster.processes.seen(within=3600.0)
    cluster.processes.go("a")
    assert not cluster.processes.seen()


def test_trouble_is_over_once_a_process_says_that_it_is_there(
    shared: PostgresStore, cluster: PostgresCluster
):
    """The pages write nothing else by themselves."""
    state = shared.use_account("https://one.example", "7")
    cluster.processes.come(Process(id="a", role="web", host="h", pid=1, version="0.1"))
    with (
        pytest.raises(TemporaryStateError),
        shared.database.plain() as connection,
        connection.transaction(),
    ):
        connection.execute("SET LOCAL statement_timeout = 1")
        connection.execute("SELECT pg_sleep(5)")
    with pytest.raises(TemporaryStateError):
        state.counts()
    cluster.processes.beat("a", {})
    assert state.counts() == {}


def test_an_export_has_all_of_one_account_and_no_token(
    shared: PostgresStore, cluster: PostgresCluster
):
    state = filled(shared, cluster, "1")
    filled(shared, cluster, "2")
    found = cluster.export(state.key)
    assert {"account", "watched", *OF_ACCOUNT} == set(found)
    assert {row["status_id"] for row in found["attachment"]} == {"91"}
    assert len(found["attachment"]) == 2 and found["errand"] and found["spent"]
    text = json.dumps(found, default=str)
    assert "very-secret" not in text and '"92"' not in text


def test_every_table_with_an_account_is_known(shared: PostgresStore):
    """A table that a later schema adds is neither left out of an export nor kept after erasing."""
    with shared.database.plain() as connection:
        rows = connection.execute(
            "SELECT table_name FROM information_schema.columns "
            "WHERE column_name = 'account' AND table_schema = 'public'"
        ).fetchall()
    assert {name for (name,) in rows} - {"watched"} == set(OF_ACCOUNT)


def test_erasing_leaves_nothing_of_one_account_and_all_of_others(
    shared: PostgresStore, cluster: PostgresCluster
):
    state, other = filled(shared, cluster, "1"), filled(shared, cluster, "2")
    before = cluster.export(other.key)
    erased = cluster.erase(state.key)
    assert erased.rows["attachment"] == 2
    assert erased.rows["account"] == 1
    assert not any(rows for table, rows in cluster.export(state.key).items())
    with shared.database.plain() as connection:
        left = connection.execute(
            "SELECT args FROM procrastinate_jobs WHERE (args ->> 'account')::bigint = %s",
            (state.key,),
        ).fetchall()
    assert not left
    after = cluster.export(other.key)
    assert {table: len(rows) for table, rows in after.items()} == {
        table: len(rows) for table, rows in before.items()
    }


def test_a_halted_account_is_named(shared: PostgresStore, cluster: PostgresCluster):
    state = filled(shared, cluster, "1")
    assert cluster.halted() == {}
    state.halt("an edit did harm")
    assert cluster.halted() == {"1@one.example": "an edit did harm"}


def test_a_server_without_a_database_is_told_of_by_others(
    shared: PostgresStore, cluster: PostgresCluster, monkeypatch: pytest.MonkeyPatch
):
    worker = Process(id="a", role="worker", host="h", pid=1, version="0.1")
    cluster.processes.come(worker)
    for under_way in (1, 2):
        server = Process(
            id="a", role="serve", host="g", pid=2, version="0.1", facts={"under_way": under_way}
        )
        cluster.processes.told(server, 3600.0)
    found = {one.role: one for one in cluster.processes.seen()}
    assert len(found) == 2 and found["worker"].host == "h"  # it takes nobody's row
    assert found["serve"].facts == {"under_way": 2}
    assert 3590 < found["serve"].seen - found["serve"].started < 3660
    # One that makes numbers of itself up fills no table.
    monkeypatch.setattr(processes, "MOST_SERVERS", 3)
    for number in range(9):
        cluster.processes.told(replace(server, id=str(number)), 0.0)
    cluster.processes.told(server, 3600.0)
    assert [one.role for one in cluster.processes.seen()].count("serve") == 3
