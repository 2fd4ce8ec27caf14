"""Watches one account of many: hears of posts, looks through them, and does its chores.

What is found is written into the state, from which the database makes the jobs; describing and
editing are the workers'. All methods but the stream's are for the pool of ``watching.py``, which
calls them for one account one after the other.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from alternator.accounts.account import Account
from alternator.bot.attendance import Attendance
from alternator.bot.conduct import Conduct, conduct_of, modes_of
from alternator.bot.find_posts import Look, PostFinder, TakesOn
from alternator.bot.outage import LONGEST_BACK_OFF_SECONDS, back_off
from alternator.bot.poll import Poll
from alternator.bot.progress import BotProgress
from alternator.bot.watch import POLL_WITHOUT_STREAM_SECONDS
from alternator.config.settings import Config
from alternator.errors import AccountGoneError, AlternatorError, ServerError, TemporaryStateError
from alternator.log import DefectLog, of_account
from alternator.mastodon.entities import Status
from alternator.mastodon.rate_budget import Limit
from alternator.mastodon.streams.events import EventReader
from alternator.mastodon.streams.hub import Followed, StreamHub
from alternator.mastodon.streams.ways import websocket_of
from alternator.roles.desk import tell_limit, tell_watched_refused
from alternator.roles.troubles import gpu_lost, tokens_used_up
from alternator.stopping import Stop
from alternator.store.cluster import Cluster, Source
from alternator.store.interface import Store

log = logging.getLogger(__name__)

# How often an account's chores are looked at, beside its posts.
CHORES_SECONDS = 15.0
REFUSED_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What all accounts of a watcher share.

    ``hurry`` has an account's turn come at once; ``watched`` is how many there are.
    """

    store: Store
    cluster: Cluster
    hub: StreamHub
    stop: Stop
    hurry: Callable[["AccountWatch"], None]
    watched: Callable[[], int]
    looks_a_second: float = 2.0


class AccountWatch:
    """One account. It is ``Hearer``, ``Finder`` and ``PollEvents`` of its own parts."""

    def __init__(self, key: str, config: Config, around: Surroundings, source: Source) -> None:
        self.key = key
        self._source = source
        self.config = config
        self.found = 0  # posts, since it is watched
        self._around = around
        self._stop = around.stop.child()
        edits = modes_of(config).ever_edits
        clock = self._stop.clock
        self.account = Account(
            config.mastodon, around.store, clock, edits=edits, limits=self._tell_limit
        )
        self._progress = BotProgress(self._stop)
        self._attendance = Attendance(clock)
        self._poll = Poll(self, self.account.health, self._stop, events=Events(self))
        self._conduct: Conduct | None = None
        self._finder: PostFinder | None = None
        self._followed: Followed | None = None
        self._failures = 0
        self._defects = DefectLog(log)
        self._turn = threading.Lock()

    def turn(self) -> float:
        """Do what is due; seconds until there is something again."""
        named = of_account.set(self.config.account)
        try:
            with self._turn:
                return self._done()
        finally:
            of_account.reset(named)

    def end(self) -> None:
        """Watch no more."""
        self._stop.request()
        if self._followed is not None:
            self._around.hub.leave(self._followed)

    @property
    def is_streaming(self) -> bool:
        """Whether the server tells of posts now."""
        return self._followed is not None and self._followed.connection > 0

    def notice(self, status: Status) -> None:
        """A status that the stream brought."""
        assert self._finder is not None, "it is signed in"
        if status.account_id == self.account.id:
            self._attendance.heard(status.id)
        if self._stop.requested:
            return
        self.found += self._finder.notice(status)

    def look_now(self) -> None:
        """Look through the posts at once: the stream was reconnected."""
        self._poll.look_now()
        self._around.hurry(self)

    def is_deaf(self, connection: int) -> bool:
        """Whether the stream does not tell of posts that are there."""
        return self._attendance.is_deaf(connection)

    def look(self) -> Look:
        """Look through the posts."""
        assert self._finder is not None, "it is signed in"
        connection = self._followed.connection if self._followed else 0
        look = self._finder.look()
        self._attendance.looked(look.newer, connection)
        self.found += look.found
        return look

    def interval(self) -> float:
        """Seconds until the next look.

        While the stream tells of posts, a watcher of many accounts looks through fewer of them:
        so many a second, all together.
        """
        settings = self.account.settings
        if settings.user_stream and not self.is_streaming:
            return min(settings.poll_interval_seconds, POLL_WITHOUT_STREAM_SECONDS)
        many = self._around.watched() / self._around.looks_a_second
        return max(settings.poll_interval_seconds, many)

    def recovered(self) -> None:
        """After an outage no post waits any longer for it."""
        self.account.state.make_due()

    def _done(self) -> float:
        try:
            if self._finder is None:
                self._begin()
            assert self._conduct is not None, "it has begun"
            self._poll.look_if_due()
            self._conduct.chores.do_due()
            return CHORES_SECONDS
        except ServerError as error:
            self.account.health.failed(error)
            token = self.config.mastodon.access_token
            tell_watched_refused(self._around.cluster, self.key, token, error)
            self._failures += 1
            wait = back_off(self._failures, error)
            return REFUSED_SECONDS if wait >= LONGEST_BACK_OFF_SECONDS else wait
        except TemporaryStateError:  # logged by the store, once
            return LONGEST_BACK_OFF_SECONDS / 10
        except AccountGoneError as error:  # whoever shares the accounts out ends this soon
            log.debug("not watched any more: %s", error)
            return REFUSED_SECONDS
        except AlternatorError as error:
            self._stop.check()
            log.error("not watched: %s", error)
            return REFUSED_SECONDS
        except Exception as error:  # noqa: BLE001 - logged: it must cost no other account anything
            self._stop.check()
            self._defects.defect("the account can't be watched for a defect of ours", error)
            return REFUSED_SECONDS

    def _begin(self) -> None:
        """Sign in, and follow the stream. ServerError, StateError."""
        session = self.account.session(self._progress)
        if not self.account.is_signed_in:
            self.account.sign_in(session)
        state = self.account.state
        self._around.cluster.enrolment.bind(self.key, state.key, self.account.name)
        cluster = self._around.cluster
        limits, token = cluster.limits, self.config.mastodon.access_token
        limits.refuse(state.key, token, 0.0)
        self.account.budget.learn(limits.get(state.key, token))
        conduct = conduct_of(
            self.config,
            self.account,
            session,
            self._progress,
            gpu_lost(cluster, self._source),
            tokens_used_up(cluster, self._source, self.config.vision),
        )
        takes_on = TakesOn(sees=self.config.vision.enabled, hears=self.config.whisper.enabled)
        self._conduct = conduct
        self._finder = PostFinder(
            self.account,
            session,
            takes_on,
            self._stop.clock,
            wanted=conduct.wanted,
            heard=conduct.heard,
        )
        self.account.health.recovered()
        self._failures = 0
        self._follow()

    def _follow(self) -> None:
        settings = self.account.settings
        source = websocket_of(settings, self.account.instance) if settings.user_stream else None
        if source is None:
            return
        reader = EventReader(self.account.id, others=self._stirred)
        self._followed = Followed(source, reader, self._stop, self)
        self._around.hub.follow(self._followed)

    def _stirred(self, author: str | None) -> None:
        """A notification, or a post of somebody else."""
        others = self._conduct.others if self._conduct is not None else None
        if others is not None and others.hearing.stirred(author):
            self._around.hurry(self)

    def _tell_limit(self, limit: Limit, seconds: float) -> None:
        if self.account.is_signed_in:
            token = self.config.mastodon.access_token
            tell_limit(self._around.cluster, self.account.state.key, token, limit, seconds)


class Events:
    """``alternator.bot.poll.PollEvents``: what is found has a job already."""

    def __init__(self, watch: AccountWatch) -> None:
        self._watch = watch

    def found(self) -> None:
        """There is something new to describe."""

    def recovered(self) -> None:
        """The server answers, after it did not."""
        self._watch.recovered()

    def interval(self) -> float:
        """How many seconds to wait until the next look."""
        return self._watch.interval()
