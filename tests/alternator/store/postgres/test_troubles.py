"""What is wrong with what the accounts of a cluster share, as the database keeps it."""

from collections.abc import Iterator, Sequence

import psycopg
import pytest

from alternator.config.database import DatabaseSettings
from alternator.store.postgres.store import PostgresStore
from alternator.store.troubles import GPU, TOKENS, Troubles


@pytest.fixture
def troubles(database: DatabaseSettings) -> Iterator[Troubles]:
    store = PostgresStore(database, role="bot", shared=True)
    yield store.cluster.troubles
    store.close()


def test_what_several_say_is_told_together(troubles: Troubles):
    assert troubles.told(GPU) == []
    troubles.say(f"{GPU}b", "the second is lost", 60)
    troubles.say(f"{GPU}a", "the first is lost", 60)
    troubles.say(f"{GPU}a", "the first is lost again", 60)
    troubles.say(f"{TOKENS}100", "used up", 60)
    assert troubles.told(GPU) == ["the first is lost again", "the second is lost"]


def test_a_limit_is_told_of_apart(troubles: Troubles):
    troubles.say(f"{TOKENS}100", "used up", 60)
    assert troubles.told(f"{TOKENS}100") == ["used up"]
    assert troubles.told(f"{TOKENS}10") == []


def test_what_nobody_says_again_is_over(troubles: Troubles, database: DatabaseSettings):
    troubles.say(f"{GPU}a", "lost", 60)
    troubles.say(f"{GPU}b", "lost as well", 1e9)
    assert database.url is not None
    with psycopg.connect(database.url, autocommit=True) as db:
        db.execute("UPDATE trouble SET until = until - 61")
        assert troubles.told(GPU) == ["lost as well"]
        db.execute("UPDATE trouble SET until = until - 86400")
        assert troubles.told(GPU) == []  # no clock was so wrong that it holds for ever
        troubles.say(f"{GPU}c", "lost", 60)
        assert db.execute("SELECT count(*) FROM trouble").fetchone() == (1,)


def test_many_who_ask_are_one_look(troubles: Troubles, monkeypatch: pytest.MonkeyPatch):
    looks: list[str] = []
    told = troubles.told

    def looked(kind: str) -> Sequence[str]:
        looks.append(kind)
        return told(kind)

    monkeypatch.setattr(troubles, "told", looked)
    moment = [100.0]
    monkeypatch.setattr("alternator.store.postgres.troubles.time.monotonic", lambda: moment[0])
    assert [list(troubles.recent(GPU)) for _ in range(50)] == [[]] * 50
    troubles.say(f"{GPU}a", "lost", 60)
    moment[0] += 5.0
    assert [list(troubles.recent(GPU)) for _ in range(50)] == [["lost"]] * 50
    assert looks == [GPU, GPU]
