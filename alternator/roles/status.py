"""``alternator status``: of the cluster where there is one, else of this machine's bot."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import TypedDict

from alternator.bot import status_command
from alternator.clock import SYSTEM_CLOCK
from alternator.config.load import load_accounts, load_cluster
from alternator.config.secrets import secrets_of
from alternator.log import set_up
from alternator.queue.names import SPEECH
from alternator.store.cluster import GONE_SECONDS, Process
from alternator.store.interface import Store
from alternator.store.jobs import DeadJob, QueueFacts
from alternator.store.opening import opened_beside
from alternator.store.totals import Totals
from alternator.terminal import iso, moment, say
from probe.exit_codes import ExitCode

__all__ = ["main"]

MOST_DEAD = 20  # jobs that are told of


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
    accounts: Totals
    halted: Mapping[str, str]
    dead: Sequence[DeadJob]

    @property
    def alive(self) -> list[Process]:
        """Those that were heard of lately."""
        return [one for one in self.processes if self.now - one.seen <= GONE_SECONDS]

    def workers_of(self, queue: str) -> int:
        """How many processes take posts from a queue."""
        return sum(
            one.role == "worker"
            and one.facts.get("kind") in (queue, "all")
            and not (queue == SPEECH and "deaf" in one.facts)
            for one in self.alive
        )

    def _deaf_of(self, queue: str) -> str:
        """Why those take none from a queue that would."""
        why = {str(one.facts["deaf"]) for one in self.alive if "deaf" in one.facts}
        return f": {'; '.join(sorted(why))}" if why and queue == SPEECH else ""

    @property
    def troubles(self) -> list[str]:
        """What somebody has to look at."""
        found = []
        if self.accounts.all and not any(one.role == "bot" for one in self.alive):
            found.append("no `alternator bot` is running: nobody hears of new posts")
        found += [
            f"{queue.ready} posts wait in the queue {queue.queue}, and no `alternator worker` "
            f"takes them{self._deaf_of(queue.queue)}"
            for queue in self.queues
            if queue.ready and not self.workers_of(queue.queue)
        ]
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
        return status_command.show(arguments, config.accounts or load_accounts(arguments.config))
    set_up("warn", chain(*map(secrets_of, (config.base, *config.accounts))))
    base = config.base
    with opened_beside(
        base.state.directory, clock=SYSTEM_CLOCK.now, database=base.database
    ) as store:
        found = look(store)
    if not found.accounts.all and not found.processes:
        # `alternator run` has the database for itself.
        return status_command.show(arguments, config.accounts or load_accounts(arguments.config))
    if arguments.json:
        print(json.dumps(line_of(found), indent=1))
    else:
        tell(found)
    return ExitCode.FAILED if found.troubles else 0


def look(store: Store) -> Found:
    """Look at the whole cluster. StateError if the database can't be asked."""
    cluster = store.cluster
    assert cluster is not None, "it is a database that is shared"
    return Found(
        now=cluster.now(),
        processes=cluster.processes.seen(),
        queues=cluster.jobs.facts(),
        accounts=cluster.enrolment.totals(),
        halted=cluster.halted(),
        dead=cluster.jobs.dead(MOST_DEAD),
    )


def tell(found: Found) -> None:
    """The answer for people."""
    say("the cluster is well" if not found.troubles else "the cluster is not well:")
    for trouble in found.troubles:
        say(f"  {trouble}")
    accounts = accounts_line(found)
    say(
        f"accounts: {accounts['enrolled']} enrolled ({accounts['members']} by sign-up), "
        f"{accounts['watched']} watched, {accounts['paused']} paused"
    )
    for queue in found.queues:
        say(
            f"queue {queue.queue}: {queue.ready} ready, {queue.later} later, {queue.doing} under "
            f"way; the oldest waits {queue.oldest:.0f} s; taken by "
            f"{found.workers_of(queue.queue)} workers"
        )
    for one in found.processes:
        seen = max(found.now - one.seen, 0.0)
        state = f"seen {seen:.0f} s ago" + (", GONE" if seen > GONE_SECONDS else "")
        facts = ", ".join(f"{key} {words_of(value)}" for key, value in one.facts.items())
        say(f"{one.role} {one.host} (process {one.pid}, since {moment(one.started)}): {state}")
        if facts:
            say(f"  {facts}")
    for job in found.dead:
        say(f"dead job {job.id}: {job.task} of post {job.status_id}, account {job.account}")


def words_of(value: object) -> str:
    """A fact for people."""
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return str(value)


def accounts_line(found: Found) -> AccountsLine:
    """The accounts as JSON has them."""
    return AccountsLine(
        enrolled=found.accounts.all,
        members=found.accounts.members,
        paused=found.accounts.paused,
        watched=found.accounts.watched,
        halted=dict(found.halted),
    )


def line_of(found: Found) -> Line:
    """The answer as JSON has it."""
    return Line(
        well=not found.troubles,
        troubles=found.troubles,
        processes=[
            ProcessLine(
                role=one.role,
                host=one.host,
                pid=one.pid,
                version=one.version,
                started=iso(one.started),
                seen_seconds_ago=round(max(found.now - one.seen, 0.0), 1),
                gone=found.now - one.seen > GONE_SECONDS,
                facts=one.facts,
            )
            for one in found.processes
        ],
        queues=[
            QueueLine(
                queue=queue.queue,
                ready=queue.ready,
                later=queue.later,
                doing=queue.doing,
                oldest_seconds=round(queue.oldest, 1),
                workers=found.workers_of(queue.queue),
            )
            for queue in found.queues
        ],
        accounts=accounts_line(found),
        dead_jobs=[asdict(job) for job in found.dead],
    )
