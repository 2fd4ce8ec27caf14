"""``alternator status``: of the cluster where there is one, else of this machine's bot."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypedDict

from alternator.bot import status_command
from alternator.clock import SYSTEM_CLOCK
from alternator.config.load import load_cluster
from alternator.config.secrets import secrets_of
from alternator.log import set_up
from alternator.queue.names import queues_of
from alternator.stopping import Stop
from alternator.store.cluster import GONE_SECONDS, DeadJob, Enrolled, Process, QueueFacts
from alternator.store.interface import Store
from alternator.store.opening import opened_shared
from alternator.terminal import iso, moment, say
from probe.exit_codes import ExitCode

__all__ = ["main"]

# Accounts that are named of those in trouble.
MOST_NAMED = 20


class ProcessLine(TypedDict):
    """A process as JSON. ``seen_seconds_ago``; ``gone``: it was not heard of for too long."""

    role: str
    host: str
    pid: int
    version: str
    started: str | None
    seen_seconds_ago: float
    gone: bool
    facts: Mapping[str, object]


class QueueLine(TypedDict):
    """A queue as JSON. ``workers`` is how many processes take posts from it."""

    queue: str
    ready: int
    later: int
    doing: int
    oldest_seconds: float
    workers: int


class AccountsLine(TypedDict):
    """The accounts as JSON; ``halted`` are those of which nothing is edited any more, and why."""

    enrolled: int
    members: int
    paused: int
    watched: int
    halted: Mapping[str, str]


class Line(TypedDict):
    """The whole answer."""

    well: bool
    troubles: list[str]
    processes: list[ProcessLine]
    queues: list[QueueLine]
    accounts: AccountsLine
    dead_jobs: list[dict[str, object]]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found, at ``now`` by the database's clock."""

    now: float
    processes: Sequence[Process]
    queues: Sequence[QueueFacts]
    enrolled: Sequence[Enrolled]
    halted: Mapping[str, str]
    dead: Sequence[DeadJob]

    @property
    def alive(self) -> list[Process]:
        """Those that were heard of lately."""
        return [one for one in self.processes if self.now - one.seen <= GONE_SECONDS]

    def workers_of(self, queue: str) -> int:
        """How many processes take posts from a queue."""
        return sum(
            one.role == "worker" and queue in queues_of_kind(one.facts.get("kind"))
            for one in self.alive
        )

    @property
    def troubles(self) -> list[str]:
        """What somebody has to look at."""
        found = []
        if self.enrolled and not any(one.role == "bot" for one in self.alive):
            found.append("no `alternator bot` is running: nobody hears of new posts")
        for queue in self.queues:
            if queue.ready and not self.workers_of(queue.queue):
                found.append(
                    f"{queue.ready} posts wait in the queue {queue.queue}, and no `alternator "
                    f"worker` takes them"
                )
        found += [f"{name}: EDITING IS STOPPED: {why}" for name, why in self.halted.items()]
        if self.dead:
            found.append(f"{len(self.dead)} jobs are dead; the dashboard lists and retries them")
        return found


def main(argv: list[str]) -> int:
    """Show what waits, what was described and what failed; exit code 0 if all is well at work.

    It ends with 1 where no bot is running, where it says that it is not well, and where it edits
    nothing any more because an edit did harm. With a database that several processes share, it
    shows the whole cluster.
    """
    arguments = status_command.parser().parse_args(argv)
    config = load_cluster(arguments.config)
    if config.base.database.url is None:
        return status_command.main(argv)
    set_up("warn", chain(*map(secrets_of, (config.base, *config.accounts))))
    with opened_shared(
        config.base.database, role="status", clock=None, beside=True
    ) as store:
        found = look(store)
    if arguments.json:
        print(json.dumps(line_of(found), indent=1))
    else:
        tell(found)
    return ExitCode.FAILED if found.troubles else 0
