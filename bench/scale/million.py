"""Steps of the queue, reads of the state and pages, with a thousand finished posts and a million.

The million is of a thousand accounts, and beside them there is one with very many. Of each kind of
thing each place has its turn, in another order each time, so that what else the machine does
strikes all of them.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import get_args

from alternator.roles.status import look
from alternator.store.edit_history import Writing
from alternator.store.outcomes import AttachmentState, Found, Outcome
from alternator.store.postgres.store import PostgresStore
from alternator.store.sql.state import SqlAccountState
from bench.scale.finished import Amount, finish
from bench.scale.pages import Site, website
from bench.scale.scene import PostgresServer, shared_store
from sandbox.server import SandboxServer

FEW = Amount(accounts=20, each=50)
MANY = Amount(accounts=1_000, each=1_000, more=20_000)
TURNS, PARTS = 120, 6
ALL = get_args(AttachmentState)
WEEK_SECONDS = 7 * 86_400


@dataclass(frozen=True, kw_only=True)
class Place:
    """A database, and those of its accounts that are looked at in turn."""

    store: PostgresStore
    site: Site
    accounts: Sequence[int]

    def account(self, turn: int) -> int:
        """The one whose turn it is."""
        return self.accounts[turn % len(self.accounts)]

    def state(self, turn: int) -> SqlAccountState:
        """What is remembered of it."""
        return self.store.of_account(self.account(turn))


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that is done; medians in milliseconds. ``of_one`` is of the account with very many.

    ``parts`` are the ratios of the same medians in each part of the time that it took.
    """

    name: str
    few: float
    many: float
    of_one: float | None = None
    parts: Sequence[float] = field(default_factory=tuple)

    @property
    def ratio(self) -> float:
        """How much longer it takes with many."""
        return self.many / self.few


Do = Callable[[Place, int], object]


def measure(
    postgres: PostgresServer, few: Amount = FEW, many: Amount = MANY, turns: int = TURNS
) -> list[Step]:
    """Each step in each place."""
    with ExitStack() as stack:
        server = stack.enter_context(SandboxServer())
        sites = []
        for amount in (few, many):
            name = postgres.with_tables()
            stack.callback(postgres.drop, name)
            store = stack.enter_context(shared_store(postgres, name))
            finish(store, server.url, amount)
            sites.append(stack.enter_context(website(postgres, name, store, server.url)))
        common = range(1, few.accounts + 1)
        places = [Place(store=site.store, site=site, accounts=common) for site in sites]
        one = [many.accounts + 1]
        places.append(Place(store=sites[1].store, site=sites[1], accounts=one))
        alone = {**STEPS, **PAGES}
        return timed(places, alone, turns) + timed(places[:2], SHARED, turns)


def timed(places: Sequence[Place], steps: Mapping[str, Do], turns: int) -> list[Step]:
    """Each of the steps in each of the places."""
    found: dict[str, list[list[float]]] = {name: [[] for _ in places] for name in steps}
    for turn in range(turns):
        for name, step in steps.items():
            for shift in range(len(places)):
                number = (turn + shift) % len(places)
                began = time.perf_counter()
                step(places[number], turn)
                found[name][number].append((time.perf_counter() - began) * 1000)
    return [step_of(name, runs) for name, runs in found.items()]


def step_of(name: str, runs: Sequence[Sequence[float]]) -> Step:
    """What it took in each place."""
    few, many, *one = map(statistics.median, runs)
    size = max(len(runs[0]) // PARTS, 1)
    parts = [
        statistics.median(runs[1][first : first + size])
        / statistics.median(runs[0][first : first + size])
        for first in range(0, len(runs[0]) - size + 1, size)
    ]
    return Step(name=name, few=few, many=many, of_one=one[0] if one else None, parts=parts)


def post_of(turn: int) -> str:
    """A new post's id."""
    return str(2_000_000_000 + turn)


def found(place: Place, turn: int) -> None:
    """A post is noticed."""
    post = Found(status_id=post_of(turn), attachment_ids=("a",), backfill=False)
    place.state(turn).record([post])


def done(place: Place, turn: int) -> None:
    """It is taken, and described."""
    claim = place.state(turn).claim_of(post_of(turn))
    assert claim is not None, "it was recorded just now"
    place.state(turn).finish(claim, [Outcome(attachment_id="a", state="described")])


def written(place: Place, turn: int) -> None:
    """Its edit is written down, before and after."""
    history = place.state(turn).history
    writing = Writing(attachment_id="a", kind="image", before=None, text="A cat")
    history.sending(post_of(turn), [writing])
    history.written(post_of(turn), ["a"], edited_at=None)


STEPS: Mapping[str, Do] = {
    "a post is found": found,
    "a post is taken and finished": done,
    "an edit is written down": written,
    "read: overview": lambda place, turn: place.state(turn).overview(10),
    "read: posts": lambda place, turn: place.state(turn).listing.page(ALL, most=25),
    "read: described posts": lambda place, turn: place.state(turn).listing.page(
        ["described"], most=25
    ),
    "read: numbers": lambda place, turn: place.state(turn).counts(),
    "read: last week": lambda place, turn: place.state(turn).listing.described_since(
        place.store.cluster.now() - WEEK_SECONDS
    ),
    "read: history": lambda place, turn: place.state(turn).history.entries(count=25),
}


def page(path: str) -> Do:
    """A page of the operator's, about an account."""
    return lambda place, turn: place.site.get(path.format(account=place.account(turn)))


def page_of_member(path: str) -> Do:
    """A page of a member's."""
    return lambda place, turn: place.site.get_as(place.account(turn), path)


PAGES: Mapping[str, Do] = {
    "page: overview": page("/?account={account}"),
    "page: overview, a week": page("/?account={account}&span=week"),
    "page: posts": page("/posts?account={account}"),
    "page: posts, the second": page("/posts?account={account}&page=2"),
    "page: posts, the last": page("/posts?account={account}&page=99999"),
    "page: described posts": page("/posts?account={account}&state=described"),
    "page: failures": page("/failures?account={account}"),
    "page: drafts": page("/drafts?account={account}"),
    "page: one post": lambda place, turn: place.site.get(
        f"/posts/{post_of(turn)}?account={place.account(turn)}"
    ),
    "page: a member's": page_of_member("/me"),
}
# What is about no one account.
SHARED: Mapping[str, Do] = {
    "the queue is mended": lambda place, turn: place.store.cluster.jobs.mend(),
    "the queue is looked at": lambda place, turn: place.store.cluster.jobs.facts(),
    "`alternator status` looks": lambda place, turn: look(place.store),
    "page: cluster": page("/"),
    "page: accounts": page("/accounts"),
    "page: accounts, by a name": page("/accounts?name=user0000"),
    "page: dead jobs": page("/jobs"),
    "page: metrics": page("/metrics"),
}
