"""What a worker has of one account: its session, what describes its posts, what is known of it.

A worker has several threads, and two of them may work for one account at the same time. Each takes
a ``Hand``: sessions and describers are for one thread at a time (``Account.session``). Hands are
kept, so that the next post finds its connections open.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from alternator.accounts.account import Account
from alternator.bot.conduct import modes_of
from alternator.bot.errand_work import ErrandWork
from alternator.bot.failures import Failures
from alternator.bot.health import Health
from alternator.bot.pace import Pace
from alternator.bot.progress import BotProgress
from alternator.bot.starting import Shared, describer_of, health_of
from alternator.bot.undo import Undo
from alternator.bot.work import Work
from alternator.config.settings import Config
from alternator.errors import (
    AlternatorError,
    ServerError,
    StateError,
    TakenOverError,
    TokenRefusedError,
)
from alternator.mastodon.rate_budget import Limit
from alternator.queue.held import job_at_hand
from alternator.roles.inline_lane import InlineLane
from alternator.stopping import Stop, Stopping
from alternator.store.cluster import Cluster
from alternator.store.interface import AccountState, Store

MOST_HANDS = 4  # that are kept of an account
# How long a member reads that the token is refused: longer than until somebody asks again.
TOLD_SECONDS = 660.0


@dataclass(frozen=True, kw_only=True)
class Hand:
    """What one thread describes an account's posts by."""

    work: Work
    errands: ErrandWork
    pace: Pace


class Desk:
    """One account in a worker. For any thread.

    ``state`` is known before the account is signed in: a job that comes names it.
    """

    # size: each comes from another owner: operator, state, cluster, what is shared, signals.
    def __init__(
        self,
        config: Config,
        state: AccountState,
        store: Store,
        cluster: Cluster,
        shared: Shared,
        stop: Stop,
    ) -> None:
        self.config = config
        self.state = state
        self._cluster = cluster
        self._shared = shared
        self._stop = stop
        edits = modes_of(config).ever_edits
        self.account = Account(
            config.mastodon,
            store,
            stop.clock,
            edits=edits,
            limits=self._tell_limit,
            may_change=self._may_change,
        )
        self.health: Health = health_of(config, self.account, None)
        self._signing_in = threading.Lock()
        self._lock = threading.Lock()  # guards what follows
        self._hands: list[Hand] = []
        self._failures = Failures()

    @property
    def described(self) -> int:
        """How many descriptions were written since it is there."""
        return self.health.described

    def seconds_left(self, *, backfill: bool) -> float:
        """How long nothing is asked of the server, as all workers know it. StateError."""
        self.account.budget.learn(self._cluster.limits.get(self.state.key, self._token))
        budget = self.account.budget
        waits = [budget.seconds_left("read"), budget.seconds_left("edit")]
        return max(*waits, budget.reserve_left() if backfill else 0.0)

    @contextmanager
    def hand(self) -> Iterator[Hand]:
        """Something to work by, for this thread. ServerError if the account can't be signed in."""
        with self._lock:
            hand = self._hands.pop() if self._hands else None
        if hand is None:
            hand = self._made()
        try:
            yield hand
        except (AlternatorError, Stopping):
            self._keep(hand)  # with the texts that it could not write
            raise
        # One that something unforeseen was raised through is not kept.
        self._keep(hand)

    def failed(self, status_id: str, error: ServerError) -> float:
        """The server did not answer for a post: how long no other need be tried, by any worker."""
        tell_refused(self._cluster, self.state.key, self._token, error)
        with self._lock:
            pause = self._failures.pause_after(status_id, error)
        if pause:
            self.account.health.failed(error)
            self._tell_limit("read", pause)
        return pause

    def answered(self) -> None:
        """The server answered for a post."""
        self.health.ready()
        with self._lock:
            self._failures.clear()
        self.account.health.recovered()

    def refused(self, error: ServerError, seconds: float) -> None:
        """The account can't be signed in: nobody tries that again for so long."""
        self.account.health.failed(error)
        tell_refused(self._cluster, self.state.key, self._token, error)
        self._tell_limit("read", seconds)

    @property
    def _token(self) -> str:
        return self.config.mastodon.access_token

    def _keep(self, hand: Hand) -> None:
        with self._lock:
            if len(self._hands) < MOST_HANDS:
                self._hands.append(hand)

    def _made(self) -> Hand:
        progress = BotProgress(self._stop)
        session = self.account.session(progress)
        with self._signing_in:
            if not self.account.is_signed_in:
                self.account.sign_in(session)
        describer, conduct = describer_of(
            self.config, self.account, session, self._shared, progress
        )
        undo = Undo(
            client=session,
            instance=self.account.instance,
            owner=self.account.id,
            state=self.state,
            stop=self._stop,
            by_bot=True,
            may_change=self._may_change,
        )
        lane = InlineLane(describer, self._stop.clock)
        work = Work(self.account, describer, lane, self.health, self._stop, pace=conduct.pace)
        work.on_published = self._shared.on_published
        return Hand(
            work=work,
            errands=ErrandWork(undo, describer.other_bot),
            pace=conduct.pace,
        )

    def _may_change(self) -> None:
        """TakenOverError where the job of this thread is another worker's by now."""
        job = job_at_hand()
        if job is not None and not self._cluster.jobs.is_held(job.id, job.worker_id):
            raise TakenOverError(
                "nothing was changed: this process was silent for so long that another one has "
                "taken the post over"
            )

    def _tell_limit(self, limit: Limit, seconds: float) -> None:
        tell_limit(self._cluster, self.state.key, self._token, limit, seconds)


def tell_limit(cluster: Cluster, account: int, token: str, limit: Limit, seconds: float) -> None:
    """Have all processes that have the same token know a server's limit.

    It is met within an answer: what can't be written down now, the next answer tells.
    """
    with suppress(StateError):
        cluster.limits.set(account, token, limit, seconds)


def tell_refused(cluster: Cluster, account: int, token: str, error: ServerError) -> None:
    """Have a member know that the server does not take this token any more."""
    if isinstance(error, TokenRefusedError):
        with suppress(StateError):
            cluster.limits.refuse(account, token, TOLD_SECONDS)


def tell_watched_refused(cluster: Cluster, key: str, token: str, error: ServerError) -> None:
    """The same by the key of the enrolment: the account may never have been signed in here."""
    if isinstance(error, TokenRefusedError):
        with suppress(StateError):
            entry = cluster.enrolment.get(key)
            if entry is not None and entry.account is not None:
                tell_refused(cluster, entry.account, token, error)
