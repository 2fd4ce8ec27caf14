"""What is kept of sign-ups: each is taken once, and there are not too many."""

from concurrent.futures import ThreadPoolExecutor

from alternator.config.database import DatabaseSettings
from alternator.store.postgres.cluster import PostgresCluster
from alternator.store.postgres.store import PostgresStore


def test_what_a_server_knows_us_by_is_kept(cluster: PostgresCluster):
    kept = cluster.sign_ups
    assert kept.app("https://one.example") is None
    kept.keep_app("https://one.example", b"\x00first")
    kept.keep_app("https://two.example", b"other")
    kept.keep_app("https://one.example", b"second")
    assert kept.app("https://one.example") == b"second"
    assert kept.apps() == {"https://one.example": b"second", "https://two.example": b"other"}


def test_what_was_begun_is_taken_once_whoever_asks(
    shared: PostgresStore, cluster: PostgresCluster, database: DatabaseSettings
):
    assert cluster.sign_ups.begin("s", b"\x00kept", seconds=60, most=10)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: cluster.sign_ups.take("s"), range(8)))
    assert sorted(found, key=bool) == [None] * 7 + [b"\x00kept"]
    assert cluster.sign_ups.take("never") is None


def test_what_is_over_is_not_taken_and_makes_room(cluster: PostgresCluster):
    assert cluster.sign_ups.begin("a", b"a", seconds=-1, most=1)
    assert cluster.sign_ups.take("a") is None
    assert cluster.sign_ups.begin("b", b"b", seconds=-1, most=1)
    assert cluster.sign_ups.begin("c", b"c", seconds=60, most=1)
    assert not cluster.sign_ups.begin("d", b"d", seconds=60, most=1)
    assert cluster.sign_ups.take("d") is None
    assert cluster.sign_ups.take("c") == b"c"
    assert cluster.sign_ups.begin("d", b"d", seconds=60, most=1)


def test_many_at_once_are_no_more_than_the_most(cluster: PostgresCluster):
    def begin(number: int) -> bool:
        return cluster.sign_ups.begin(str(number), b"x", seconds=60, most=5)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(40))) == 5
