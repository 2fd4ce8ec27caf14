"""Who is watched, and by whom."""

from collections.abc import Sequence

import pytest

from alternator.store.cluster import Enrolled, Process, Source
from alternator.store.postgres import enrolment
from alternator.store.postgres.cluster import PostgresCluster
from alternator.store.postgres.store import PostgresStore


def enrol(cluster: PostgresCluster, number: int) -> None:
    for n in range(number):
        cluster.enrolment.enrol(
            Enrolled(key=f"config:{n:03d}", source="config", server="https://one.example")
        )


def keys(held: Sequence[Enrolled]) -> set[str]:
    return {entry.key for entry in held}


def test_what_is_enrolled_is_told_back(cluster: PostgresCluster):
    entry = Enrolled(
        key="member:1",
        source="member",
        server="https://one.example",
        handle="ada@one.example",
        token=b"\x00\xffsecret",
        settings={"language": "de", "mode": "review"},
    )
    cluster.enrolment.enrol(entry)
    found = cluster.enrolment.get("member:1")
    assert found is not None
    assert (found.token, found.settings, found.handle) == (
        entry.token,
        entry.settings,
        entry.handle,
    )
    assert found.created > 0 and not found.paused and found.holder is None
    assert b"secret" not in repr(found).encode()
    assert cluster.enrolment.get("member:2") is None


def enrol_members(cluster: PostgresCluster, handles: Sequence[str]) -> None:
    for number, handle in enumerate(handles):
        cluster.enrolment.enrol(
            Enrolled(
                key=f"member:{number}",
                source="member",
                server="https://one.example",
                handle=handle,
            )
        )


def test_those_with_a_text_in_their_names_come_a_part_at_a_time(cluster: PostgresCluster):
    handles = ("Zoe@one.example", "ada@one.example", "", "Bob@one.example")
    enrol_members(cluster, handles)
    enrol(cluster, 2)

    def found(
        name: str = "", source: Source | None = None, most: int = 9, skip: int = 0
    ) -> tuple[list[str], int]:
        entries, number = cluster.enrolment.found(name, source=source, most=most, skip=skip)
        return [entry.handle or entry.key for entry in entries], number

    names = ["ada@one.example", "Bob@one.example", "member:2", "Zoe@one.example"]
    assert found(source="member") == (names, 4)
    assert found(source="member", most=2, skip=1) == (names[1:3], 4)
    assert found(source="member", skip=9) == ([], 4)
    assert found("O", "member") == (["ada@one.example", "Bob@one.example", "Zoe@one.example"], 3)
    assert found("config:") == (["config:000", "config:001"], 2)
    assert found("%") == ([], 0)
    assert found()[1] == 6


def test_how_many_there_are(cluster: PostgresCluster):
    enrol(cluster, 3)
    cluster.enrolment.enrol(
        Enrolled(key="member:1", source="member", server="https://one.example", paused=True)
    )
    totals = cluster.enrolment.totals()
    assert (totals.all, totals.configured, totals.members, totals.paused) == (4, 3, 1, 1)
    assert (totals.watched, totals.unwatched) == (0, 3)
    cluster.processes.come(Process(id="p", role="bot", host="h", pid=1, version="1"))
    for holder in ("p", "gone"):
        cluster.enrolment.lease(holder, watchers=2, seconds=30)
    totals = cluster.enrolment.totals()
    # Two are held by a process that is there, and one by one that nobody has heard of.
    assert (totals.watched, totals.unwatched) == (3, 1)


def test_another_token_leaves_what_is_known_of_the_account(
    shared: PostgresStore, cluster: PostgresCluster
):
    state = shared.use_account("https://one.example", "7")
    entry = Enrolled(key="member:1", source="member", server="https://one.example", token=b"a")
    cluster.enrolment.enrol(entry)
    cluster.enrolment.bind("member:1", state.key, "ada@one.example")
    cluster.enrolment.enrol(
        Enrolled(key="member:1", source="member", server="https://one.example", token=b"b")
    )
    found = cluster.enrolment.of_account(state.key)
    assert found is not None
    assert (found.token, found.handle, found.account) == (b"b", "ada@one.example", state.key)


def test_on_another_server_it_is_another_account(shared: PostgresStore, cluster: PostgresCluster):
    state = shared.use_account("https://one.example", "7")
    enrol(cluster, 1)
    cluster.enrolment.bind("config:000", state.key, "ada@one.example")
    cluster.enrolment.enrol(
        Enrolled(key="config:000", source="config", server="https://two.example")
    )
    found = cluster.enrolment.get("config:000")
    assert found is not None and found.account is None
    assert cluster.enrolment.of_account(state.key) is None


@pytest.mark.parametrize("number", [1, 2, 7, 10])
def test_one_watcher_holds_them_all(cluster: PostgresCluster, number: int):
    enrol(cluster, number)
    held = cluster.enrolment.lease("a", watchers=1, seconds=30)
    assert len(held) == number
    assert {entry.holder for entry in held} == {"a"}


def test_two_share_them_and_none_is_held_by_both(cluster: PostgresCluster):
    enrol(cluster, 9)
    first = keys(cluster.enrolment.lease("a", watchers=1, seconds=30))
    assert len(first) == 9
    assert not cluster.enrolment.lease("b", watchers=2, seconds=30)  # all are held yet
    kept = keys(cluster.enrolment.lease("a", watchers=2, seconds=30))
    taken = keys(cluster.enrolment.lease("b", watchers=2, seconds=30))
    assert len(kept) == 5 and len(taken) == 4
    assert kept | taken == first and not kept & taken


def test_what_is_held_stays_with_its_holder(cluster: PostgresCluster):
    enrol(cluster, 6)
    cluster.enrolment.lease("a", watchers=2, seconds=30)
    cluster.enrolment.lease("b", watchers=2, seconds=30)
    before = keys(cluster.enrolment.lease("a", watchers=2, seconds=30))
    enrol(cluster, 8)
    for _ in range(3):
        cluster.enrolment.lease("b", watchers=2, seconds=30)
        assert before <= keys(cluster.enrolment.lease("a", watchers=2, seconds=30))


def test_what_a_dead_one_held_is_taken_once_its_time_is_over(cluster: PostgresCluster):
    enrol(cluster, 4)
    cluster.enrolment.lease("a", watchers=1, seconds=0.0)
    assert len(cluster.enrolment.lease("b", watchers=1, seconds=30)) == 4


def test_one_that_ends_leaves_its_share_at_once(cluster: PostgresCluster):
    enrol(cluster, 4)
    cluster.enrolment.lease("a", watchers=1, seconds=30)
    cluster.enrolment.release("a")
    assert len(cluster.enrolment.lease("b", watchers=1, seconds=30)) == 4


def test_a_lease_of_a_clock_that_was_wrong_is_over(cluster: PostgresCluster, shared: PostgresStore):
    enrol(cluster, 1)
    cluster.enrolment.lease("a", watchers=1, seconds=30)
    with shared.database.plain() as connection:
        connection.execute("UPDATE watched SET until = until + 1e6")
    assert cluster.enrolment.lease("b", watchers=1, seconds=30)


def test_nobody_watches_what_is_paused(cluster: PostgresCluster):
    enrol(cluster, 3)
    cluster.enrolment.lease("a", watchers=1, seconds=30)
    cluster.enrolment.pause("config:001", paused=True)
    assert keys(cluster.enrolment.lease("a", watchers=1, seconds=30)) == {
        "config:000",
        "config:002",
    }
    cluster.enrolment.pause("config:001", paused=False)
    assert len(cluster.enrolment.lease("a", watchers=1, seconds=30)) == 3


def test_what_is_withdrawn_is_there_no_more(cluster: PostgresCluster):
    enrol(cluster, 2)
    cluster.enrolment.withdraw("config:000")
    assert keys(cluster.enrolment.all()) == {"config:001"}
    assert cluster.enrolment.all(source="member") == []


def test_settings_and_a_token_s_form_change_alone(cluster: PostgresCluster):
    entry = Enrolled(key="member:1", source="member", server="https://one.example", token=b"a")
    cluster.enrolment.enrol(entry)
    cluster.enrolment.pause("member:1", True)
    cluster.enrolment.change("member:1", {"choices": {"mode": "review"}})
    # Of a token that is another by now nothing is kept.
    assert not cluster.enrolment.reseal("member:1", b"x", b"b")
    assert cluster.enrolment.reseal("member:1", b"a", b"b")
    found = cluster.enrolment.get("member:1")
    assert found is not None and found.paused
    assert (found.token, found.settings) == (b"b", {"choices": {"mode": "review"}})
    cluster.enrolment.change("member:2", {})
    assert not cluster.enrolment.reseal("member:2", None, b"b")
    assert cluster.enrolment.get("member:2") is None


def test_how_many_there_are_to_share_out_is_known(cluster: PostgresCluster, shared: PostgresStore):
    def number() -> int:
        with shared.database.plain() as connection:
            row = connection.execute("SELECT number FROM to_watch").fetchone()
            counted = connection.execute("SELECT count(*) FROM watched WHERE NOT paused").fetchone()
        assert row is not None and row == counted
        return int(row[0])

    assert number() == 0
    enrol(cluster, 5)
    enrol(cluster, 5)  # again
    assert number() == 5
    for paused in (True, True, False, True):
        cluster.enrolment.pause("config:001", paused=paused)
        assert number() == 4 + (not paused)
    cluster.enrolment.withdraw("config:001")
    cluster.enrolment.withdraw("config:001")
    assert number() == 4
    cluster.enrolment.withdraw("config:002")
    assert number() == 3
    cluster.enrolment.lease("a", watchers=1, seconds=30)
    cluster.enrolment.enrol(
        Enrolled(key="member:1", source="member", server="https://one.example", paused=True)
    )
    assert number() == 3


def test_each_comes_once_by_its_name(cluster: PostgresCluster, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(enrolment, "AT_ONCE", 2)
    assert list(cluster.enrolment.each("member")) == []
    enrol_members(cluster, ("Zoe@one.example", "ada@one.example", "", "ada@one.example"))
    enrol(cluster, 3)
    found = [entry.key for entry in cluster.enrolment.each("member")]
    assert found == ["member:1", "member:3", "member:2", "member:0"]
    assert len(list(cluster.enrolment.each("config"))) == 3
    named = cluster.enrolment.named
    assert [entry.key for entry in named("ADA@one.example", "member")] == ["member:1", "member:3"]
    assert [entry.key for entry in named("member:0", "member")] == ["member:0"]
    assert not named("ada", "member") and not named("config:001", "member")
