"""Steps of the queue, reads of the state and pages, with a thousand finished posts and a million.

The million is of a thousand accounts, and beside them there is one with very many. Two places take
turns, now the one first, now the other, so that what else the machine does strikes both. Three in
turn would not be fair: what is asked twice in a row of the same processes is faster.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, count
from typing import get_args

from alternator.members.cipher import Cipher, new_key
from alternator.roles.status import look
from alternator.store.edit_history import Writing
from alternator.store.outcomes import AttachmentState, Found, Outcome
from alternator.store.postgres.store import PostgresStore
from alternator.store.sql.state import SqlAccountState
from bench.scale.finished import Amount, finish
from bench.scale.pages import Site, website
from bench.scale.scene import PostgresServer, shared_store
from sandbox.server import SandboxServer

FEW = Amount(accounts=25, each=50)  # a page of accounts, two of posts
MANY = Amount(accounts=1_000, each=1_000, more=20_000)
# All processes and connections are begun anew for each round: one that has its core with somebody
# else's work is slower for as long as it lives.
ROUNDS, TURNS = 6, 20
TURNS_OF_COMMANDS = 2
WARM_UP = 2  # turns of each round that do not count
ALL = get_args(AttachmentState)
WEEK_SECONDS = 7 * 86_400


@dataclass(frozen=True, kw_only=True)
class Place:
    """A database, and those of its accounts that are looked at in turn."""

    site: Site
    accounts: Sequence[int]

    @property
    def store(self) -> PostgresStore:
        """Its store, in this process."""
        return self.site.store

    def account(self, turn: int) -> int:
        """The one whose turn it is."""
        return self.accounts[turn % len(self.accounts)]

    def state(self, turn: int) -> SqlAccountState:
        """What is remembered of it."""
        return self.store.of_account(self.account(turn))


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that is done; medians in milliseconds. ``parts`` are their ratios in each round.

    ``of_one`` is the ratio for the account with very many, ``parts_of_one`` that in each round.
    """

    name: str
    few: float
    many: float
    parts: Sequence[float]
    of_one: float | None = None
    parts_of_one: Sequence[float] = ()

    @property
    def ratio(self) -> float:
        """How much longer it takes with many."""
        return self.many / self.few


Do = Callable[[Place, int], object]


def measure(
    postgres: PostgresServer, few: Amount = FEW, many: Amount = MANY, rounds: int = ROUNDS
) -> list[Step]:
    """Each step in each place."""
    times, of_one = Times(count(0)), Times(count(1_000_000))
    with ExitStack() as stack:
        server = stack.enter_context(SandboxServer())
        key, names = new_key(), []
        for amount in (few, many):
            names.append(postgres.with_tables())
            stack.callback(postgres.drop, names[-1])
            with shared_store(postgres, names[-1]) as store:
                url = postgres.url(names[-1])
                finish(store, url, server.url, Cipher(key), amount)
        for number in range(rounds):
            with ExitStack() as begun:
                sites: dict[str, Site] = {}
                for name in names[:: -1 if number % 2 else 1]:
                    store = begun.enter_context(shared_store(postgres, name))
                    site = website(postgres, name, store, server.url, key)
                    sites[name] = begun.enter_context(site)
                common = range(1, few.accounts + 1)
                at_few, at_many = (Place(site=sites[name], accounts=common) for name in names)
                at_one = Place(site=at_many.site, accounts=[many.accounts + 1])
                times.round((at_few, at_many), {**STEPS, **PAGES, **SHARED})
                times.round((at_few, at_many), COMMANDS, TURNS_OF_COMMANDS)
                of_one.round((at_few, at_one), {**STEPS, **PAGES})
    return [step_of(name, runs, of_one.found.get(name)) for name, runs in times.found.items()]


Runs = Sequence[tuple[Sequence[float], Sequence[float]]]


class Times:
    """Milliseconds of each step in two places, by round. ``numbers`` are those of the turns."""

    def __init__(self, numbers: Iterator[int]) -> None:
        self.found: dict[str, list[tuple[list[float], list[float]]]] = {}
        self._numbers = numbers

    def round(
        self, places: tuple[Place, Place], steps: Mapping[str, Do], turns: int = TURNS
    ) -> None:
        """Each of the steps in each of the places, so many times."""
        for name in steps:
            self.found.setdefault(name, []).append(([], []))
        for turn in range(turns + WARM_UP):
            number = next(self._numbers)
            for name, step in steps.items():
                for which in (0, 1) if turn % 2 else (1, 0):
                    began = time.perf_counter()
                    step(places[which], number)
                    if turn >= WARM_UP:
                        taken = (time.perf_counter() - began) * 1000
                        self.found[name][-1][which].append(taken)


def step_of(name: str, runs: Runs, of_one: Runs | None) -> Step:
    """What it took in each place."""
    few, many = medians(runs)
    one = None if of_one is None else medians(of_one)
    return Step(
        name=name,
        few=few,
        many=many,
        parts=ratios(runs),
        of_one=None if one is None else one[1] / one[0],
        parts_of_one=() if of_one is None else ratios(of_one),
    )


def medians(runs: Runs) -> tuple[float, float]:
    """Of all rounds together."""
    first, second = (statistics.median(chain(*one)) for one in zip(*runs, strict=True))
    return first, second


def ratios(runs: Runs) -> list[float]:
    """Of each round."""
    return [statistics.median(many) / statistics.median(few) for few, many in runs]


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
    "read: status": lambda place, turn: look(place.store),
    "page: cluster": page("/"),
    "page: accounts": page("/accounts"),
    "page: accounts, by a name": page("/accounts?name=user0000"),
    "page: dead jobs": page("/jobs"),
    "page: metrics": page("/metrics"),
}
# A process each.
COMMANDS: Mapping[str, Do] = {
    "`alternator status`": lambda place, turn: place.site.run("status"),
}
