"""What the processes of a cluster know of each other, and of whom they work for.

A cluster is what shares one PostgreSQL database (docs/scaling.md). Each process writes down that it
is there (``Processes``); the accounts to watch are enrolled, and a watcher holds each for a while
(``Enrolment``); what a server's limit leaves of an account's requests is one number for all
(``Limits``); posts that wait are jobs of a queue (``Jobs``). Times are Unix times in seconds by the
database's clock, so that processes whose clocks differ agree.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from alternator.store.jobs import Jobs
from alternator.store.limits import Limits
from alternator.store.sign_ups import SignUps
from alternator.store.totals import Totals
from alternator.store.troubles import Troubles

Role = Literal["bot", "worker", "serve", "web", "run"]
Source = Literal["config", "member"]

# A process that was not heard of for so long is gone: whoever takes its work over may begin.
GONE_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process. ``facts`` are what it says of itself, as JSON: what it watches, its GPU."""

    id: str
    role: Role
    host: str
    pid: int
    version: str
    started: float = 0.0
    seen: float = 0.0
    facts: Mapping[str, object] = field(default_factory=dict)


class Processes(Protocol):
    """Who is there."""

    def come(self, process: Process) -> None:
        """A process begins."""

    def beat(self, process_id: str, facts: Mapping[str, object]) -> None:
        """A process is there, and says this of itself."""

    def told(self, process: Process, up_seconds: float) -> None:
        """A server that has no database of its own is there, for so many seconds by now."""

    def go(self, process_id: str) -> None:
        """A process ends."""

    def seen(self, *, within: float = 3600.0) -> Sequence[Process]:
        """Those that were heard of within so many seconds; older ones are forgotten."""


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """An account that is watched.

    ``key`` is ``config:NAME`` for one of the configuration, ``member:UUID`` for one that signed up.
    ``account`` is its row of the state, once it has been signed in; ``token`` is encrypted, and
    None for one of the configuration; ``settings`` are a member's own choices, as JSON.
    """

    key: str
    source: Source
    server: str
    handle: str = ""  # user@server
    account: int | None = None
    token: bytes | None = field(default=None, repr=False)
    settings: Mapping[str, object] = field(default_factory=dict)
    created: float = 0.0
    paused: bool = False
    holder: str | None = None  # the process that watches it

    def works_as(self, other: "Enrolled") -> bool:
        """Whether what was made to work for the one serves the other."""
        mine, theirs = ((one.server, one.token, one.settings) for one in (self, other))
        return mine == theirs


class Enrolment(Protocol):
    """The accounts to watch. Any process may ask and change."""

    def enrol(self, entry: Enrolled) -> None:
        """Watch an account from now on, or with another token and other settings.

        Its row of the state, its holder and when it was enrolled first stay.
        """

    def change(self, key: str, settings: Mapping[str, object]) -> None:
        """A member's own settings are these from now on; all else stays."""

    def reseal(self, key: str, before: bytes | None, token: bytes) -> bool:
        """A member's token is kept so from now on, if it was kept as ``before``; whether it was."""

    def bind(self, key: str, account: int, handle: str) -> None:
        """An account was signed in: this is its row of the state, and its name."""

    def get(self, key: str) -> Enrolled | None:
        """One of them."""

    def of_account(self, account: int) -> Enrolled | None:
        """The one with this row of the state."""

    def all(self, *, source: Source | None = None) -> Sequence[Enrolled]:
        """All of them, by their keys."""

    def each(self, source: Source) -> Iterator[Enrolled]:
        """Those of a kind, one after the other, by their names; however many there are."""

    def named(self, name: str, source: Source) -> Sequence[Enrolled]:
        """Those of a kind with this very name, whatever its capitals, or key."""

    def totals(self) -> Totals:
        """How many there are of which kind."""

    def found(
        self, name: str = "", *, source: Source | None = None, most: int, skip: int = 0
    ) -> tuple[Sequence[Enrolled], int]:
        """Some of those with a text in their names or keys, by their names; how many there are.

        ``skip`` may be beyond the last: then there are none.
        """

    def pause(self, key: str, paused: bool) -> None:
        """Nothing is done for it, until it goes on."""

    def withdraw(self, key: str) -> None:
        """Watch it no more. What is remembered of its posts stays; ``erase`` takes that away."""

    def lease(self, holder: str, *, watchers: int, seconds: float) -> Sequence[Enrolled]:
        """Hold a fair share of the accounts for so many seconds from now; all that are held now.

        What is held already is held on, up to an equal part for each of the ``watchers``; more is
        given up. What nobody holds, or whose holder has not renewed in time, is taken.
        """

    def release(self, holder: str) -> None:
        """Hold none any more: another may at once."""


@dataclass(frozen=True, kw_only=True)
class Erased:
    """How many rows of what were taken away."""

    rows: Mapping[str, int]


class Cluster(Protocol):
    """What a database that several processes share knows."""

    @property
    def processes(self) -> Processes: ...

    @property
    def enrolment(self) -> Enrolment: ...

    @property
    def sign_ups(self) -> SignUps: ...

    @property
    def limits(self) -> Limits: ...

    @property
    def jobs(self) -> Jobs: ...

    @property
    def troubles(self) -> Troubles: ...

    def now(self) -> float:
        """Unix time in seconds by the database's clock."""

    def halted(self) -> Mapping[str, str]:
        """Why nothing is edited any more, by the names of the accounts of which that is so."""

    def export(self, account: int) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """All that is remembered of an account, by table; no token."""

    def erase(self, account: int) -> Erased:
        """Take away all that is remembered of an account, its jobs too."""


# The tables that have rows of an account; `account` itself goes last.
OF_ACCOUNT: Collection[str] = (
    "attachment",
    "tally",  # after the attachments, whose going is written into it
    "admitted",
    "written",
    "held",
    "errand",
    "draft",
    "spent",
    "told",
    "reply",
    "backfill",
    "consent",
    "asking",
    "outgoing",
    "place",
    "limits",
)
