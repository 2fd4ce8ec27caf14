"""A bot of several accounts in one process.

Each account has a main thread of its own, which does what the only one of a single account's bot
does (``watch.py``), and that one's threads beside it. All share one transcriber, one state file,
and what is known of a vision endpoint that several of them ask.

The process's main thread waits, so signals break off nothing but that. It then asks the accounts to
end and gives them time for an edit that is under way.

One account's trouble is its own: where its server refuses its token, or a defect of ours ends it,
it is taken up again after a while. What no account can go on with (a damaged state file) ends all.
"""

import logging
import os
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack

from alternator.bot.bot import MakeSpeechWorker, downloads_of
from alternator.bot.health_of_accounts import HealthOfAccounts
from alternator.bot.members import Member, members_of, shared_whisper
from alternator.bot.progress import BotProgress
from alternator.bot.starting import (
    Wishes,
    answering,
    open_store,
    signed_in,
    start_speech,
)
from alternator.bot.traces import tracing_to
from alternator.config.settings import Config
from alternator.errors import ServerError, StateError
from alternator.log import Thread, of_account
from alternator.media.download import remove_leftovers
from alternator.speech.opening import open_speech
from alternator.stopping import SHIELD_SECONDS, Stop, Stopping
from alternator.web import trusted
from probe.exit_codes import ExitCode

log = logging.getLogger(__name__)

# After which an account is taken up again that its server refused, or that a defect ended.
REFUSED_SECONDS = 300.0
DEFECT_SECONDS = 60.0
# How often the main thread looks whether something has ended it.
LOOK_SECONDS = 1.0


def run_several(
    configs: Sequence[Config],
    stop: Stop,
    wishes: Wishes,
    *,
    make_speech_worker: MakeSpeechWorker = open_speech,
) -> int:
    """Run the bots of several accounts until the end is asked for (``Stopping``), or once.

    Returns the exit code of a single pass: FAILED if an account's pass failed. Errors as of
    ``alternator.bot.run.run``; a ServerError only where no account's server takes its token.
    """
    trusted.check(os.environ)
    with ExitStack() as stack:
        stack.enter_context(tracing_to(configs[0].tracing, "run"))
        store = stack.enter_context(open_store(configs[0], stop, once=wishes.once))
        remove_leftovers(downloads_of(configs[0]))
        whisper = shared_whisper(configs)
        speech = None if whisper is None else make_speech_worker(whisper)
        if speech is not None:
            stack.callback(speech.close)
        members = members_of(configs, store, stop, speech, whisper)
        if not wishes.once:
            health = HealthOfAccounts({one.config.account: one.health for one in members})
            stack.enter_context(
                answering(health, [(one.config, one.account, one.health) for one in members])
            )
        start_speech(whisper or configs[0].whisper, speech)
        if wishes.once:
            return pass_through(members, stop, wishes)
        Watch(members, stop, wishes).run()
    return 0


def pass_through(members: Sequence[Member], stop: Stop, wishes: Wishes) -> int:
    """One account after the other; one that fails keeps no other from its turn."""
    failed = False
    for member in members:
        of_account.set(member.config.account)
        progress = BotProgress(stop, member.health)
        try:
            session = signed_in(member.account, progress, wishes)
            failed |= member.bot(session, progress, stop).run_once().failed > 0
        except ServerError as error:
            log.error("%s", error)
            failed = True
        finally:
            of_account.set("")
    return ExitCode.FAILED if failed else 0


class Watch:
    """The accounts' main threads, and what ends them all."""

    def __init__(self, members: Sequence[Member], stop: Stop, wishes: Wishes) -> None:
        self._members = members
        self._stop = stop
        self._wishes = wishes
        self._lock = threading.Lock()  # guards the next three
        self._signed_in: set[str] = set()
        self._refused: dict[str, ServerError] = {}
        self._fatal: BaseException | None = None
        self._changed = threading.Event()

    def run(self) -> None:
        """Watch until ``Stopping`` is raised, or with the error that ends all."""
        threads = [
            Thread(target=self._of_account, args=(member,), name=member.config.account)
            for member in self._members
        ]
        for thread in threads:
            thread.start()
        try:
            while self._fatal is None:
                self._stop.wait(self._changed, LOOK_SECONDS)
                self._changed.clear()
                self._stop.check()
        finally:
            self._stop.request()
            until = time.monotonic() + SHIELD_SECONDS
            for thread in threads:
                thread.join(max(until - time.monotonic(), 0.0))
        raise self._fatal

    def _of_account(self, member: Member) -> None:
        """An account's main thread: watch, and begin anew where that ended for its own reasons."""
        of_account.set(member.config.account)
        wishes = self._wishes
        try:
            while True:
                wait = self._watched(member, wishes)
                wishes = Wishes()  # what was asked for is done once
                BotProgress(self._stop, member.health).pause(wait)
        except Stopping:
            return
        except StateError as error:
            self._end_all(error)

    def _watched(self, member: Member, wishes: Wishes) -> float:
        """Watch until that ends; seconds after which to begin anew. StateError ends all."""
        stop = self._stop.child()
        try:
            self._watch(member, stop, wishes)
        except StateError:
            raise
        except ServerError as error:
            member.account.health.failed(error)
            log.info("taken up again in %.0f s", REFUSED_SECONDS)
            self._is_refused(member, error)
            return REFUSED_SECONDS
        except Exception:
            # A defect of ours must cost no other account anything.
            log.exception("the account's work ended for a defect of its own; please report this")
        finally:
            stop.request()  # its other threads
        return DEFECT_SECONDS

    def _watch(self, member: Member, stop: Stop, wishes: Wishes) -> None:
        """Sign in, and watch until ``Stopping`` is raised."""
        progress = BotProgress(stop, member.health)
        session = signed_in(member.account, progress, wishes)
        with self._lock:
            self._signed_in.add(member.config.account)
        bot = member.bot(session, progress, stop)
        member.health.ready()
        bot.run()

    def _is_refused(self, member: Member, error: ServerError) -> None:
        """Where every account is, and none ever was signed in, somebody should hear it at once."""
        with self._lock:
            self._refused[member.config.account] = error
            nobody = not self._signed_in and len(self._refused) == len(self._members)
        if nobody:
            self._end_all(error)

    def _end_all(self, error: BaseException) -> None:
        with self._lock:
            self._fatal = self._fatal or error
        self._changed.set()
