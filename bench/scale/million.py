"""Pages of the dashboard and steps of the queue, with a thousand finished posts and a million."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from alternator.store.outcomes import Found, Outcome
from alternator.store.postgres.store import PostgresStore
from alternator.store.sql.state import SqlAccountState
from bench.scale.scene import PostgresServer, fill, shared_store

# Accounts and posts, ten a week of each: of five weeks, and of two years with fifty times the
# accounts.
FEW, MANY = (20, 1_000), (1_000, 1_000_000)
BETWEEN_SECONDS = 7 * 86_400 / 10
STEPS = 60
# Finished posts as the bot leaves them: made in the database, since a million takes an hour one by
# one. The newest ids are the posts that are worked on.
FINISHED = """
INSERT INTO attachment (account, status_id, attachment_id, state, backfill, attempts, not_before,
    found, changed, speech)
SELECT 1 + n % {accounts}, (1000000000 - n)::text, n::text, 'described', 0, 1, moment, moment - 3,
    moment, 0
FROM generate_series(0, {number} - 1) AS n,
    LATERAL (SELECT alternator_now() - (n / {accounts} + 0.5) * {between}) AS made (moment)
"""
WRITTEN = """
INSERT INTO written (account, status_id, attachment_id, kind, text, attribution, outcome, sent,
    changed) SELECT account, status_id, attachment_id, 'image', 'A cat', '', 'written', changed,
    changed FROM attachment WHERE state = 'described'
"""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that is done; medians in milliseconds with few posts and with many."""

    name: str
    few: float
    many: float

    @property
    def ratio(self) -> float:
        """How much longer it takes with many."""
        return self.many / self.few


def measure(postgres: PostgresServer, many: tuple[int, int] = MANY) -> list[Step]:
    """Each step, alternating between the two databases, so that what else the machine does strikes
    both."""
    names = [postgres.with_tables() for _ in range(2)]
    with shared_store(postgres, names[0]) as few, shared_store(postgres, names[1]) as much:
        stores = (few, much)
        for store, (accounts, number) in zip(stores, (FEW, many), strict=True):
            finish(store, accounts, number)
        steps = steps_of()
        found = {name: ([], []) for name in steps}
        for turn in range(STEPS):
            for name, step in steps.items():
                for place, store in enumerate(stores):
                    began = time.perf_counter()
                    step(store, turn)
                    found[name][place].append((time.perf_counter() - began) * 1000)
    for name in names:
        postgres.drop(name)
    return [
        Step(name=name, few=statistics.median(runs[0]), many=statistics.median(runs[1]))
        for name, runs in found.items()
    ]


def finish(store: PostgresStore, accounts: int, number: int) -> None:
    """Have so many posts of so many accounts be described already."""
    fill(store, accounts, 0)
    with store.database.plain() as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("SET session_replication_role = replica")  # without triggers
        connection.execute(
            FINISHED.format(number=number, accounts=accounts, between=BETWEEN_SECONDS).encode()
        )
        connection.execute(WRITTEN.encode())
        connection.execute("RESET ALL")
        connection.execute("VACUUM ANALYZE")


Do = Callable[[PostgresStore, int], object]


def steps_of() -> dict[str, Do]:
    """What is measured, by its name."""

    def state(store: PostgresStore, turn: int) -> SqlAccountState:
        return store.of_account(1 + turn % FEW[0])

    def found(store: PostgresStore, turn: int) -> None:
        post = Found(status_id=str(2_000_000_000 + turn), attachment_ids=("a",), backfill=False)
        state(store, turn).record([post])

    def done(store: PostgresStore, turn: int) -> None:
        claim = state(store, turn).claim_of(str(2_000_000_000 + turn))
        assert claim is not None, "it was recorded just now"
        state(store, turn).finish(claim, [Outcome(attachment_id="a", state="described")])

    return {
        "a post is found": found,
        "a post is taken and finished": done,
        "the queue is mended": lambda store, turn: store.cluster.jobs.mend(),
        "the queue is looked at": lambda store, turn: store.cluster.jobs.facts(),
        "page: overview": lambda store, turn: state(store, turn).overview(10),
        "page: described posts": lambda store, turn: state(store, turn).listing.page(
            ["described"], most=50
        ),
        "page: numbers": lambda store, turn: state(store, turn).counts(),
        "page: last week": lambda store, turn: state(store, turn).listing.described_since(
            store.cluster.now() - 7 * 86_400
        ),
        "page: history": lambda store, turn: state(store, turn).history.entries(count=50),
    }
