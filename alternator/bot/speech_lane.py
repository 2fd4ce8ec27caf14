"""Prepares posts with speech in a thread of their own: a transcription may take minutes.

One post at a time, and none waits here: while one is prepared, or is ready and not taken yet, no
other with speech is claimed (``Work.claim``), so there is nothing to lose but the work on this one.
Its claim is the main thread's all along: it alone edits, writes down what became of the post, and
gives the claim back, also where it ends first. Killed, the bot finds the claim at its next start
like any other that was cut short, and counts it once.

The thread has a session, a vision client and downloads of its own, and keeps no state. It hears
that the end is asked for at its next beat, and is a daemon: one that hangs ends with the process.
What goes wrong in it is raised where its texts are taken, so a defect costs its post and no more.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from alternator import tracing
from alternator.bot.draft import Draft
from alternator.bot.pulse import Pulse
from alternator.clock import Clock
from alternator.log import Thread
from alternator.store.outcomes import Claim

# How long the main thread waits on its way out, so that downloads are deleted.
LEAVE_SECONDS = 2.0


class Preparer(Protocol):
    """What makes the texts: ``alternator.bot.describe.Describer``, for this thread."""

    def prepare(self, claim: Claim, *, patient: bool = True) -> Draft: ...


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A claim that is prepared; ``began`` in the clock's monotonic seconds."""

    claim: Claim
    began: float
    draft: Future[Draft]
    thread: threading.Thread | None = None  # that prepares it


class Lane(Protocol):
    """Where posts with speech are prepared: ``SpeechLane``, or in the thread that describes."""

    @property
    def busy(self) -> bool: ...

    @property
    def ended(self) -> Claim | None: ...

    def begin(self, claim: Claim, *, patient: bool) -> None: ...

    def take(self) -> Piece: ...

    def leave(self) -> Claim | None: ...


class SpeechLane:
    """Room for one post. All methods are for the main thread.

    ``wake`` is called, in the lane's thread, when a post is prepared; ``server`` is the account's.
    """

    def __init__(
        self,
        preparer: Preparer,
        pulse: Pulse,
        clock: Clock,
        wake: Callable[[], None],
        server: str,
    ) -> None:
        self._preparer = preparer
        self._pulse = pulse
        self._clock = clock
        self._wake = wake
        self._server = server
        self._piece: Piece | None = None

    @property
    def busy(self) -> bool:
        """Whether there is no room."""
        return self._piece is not None

    @property
    def ended(self) -> Claim | None:
        """The claim that is prepared, or could not be; None while there is none."""
        return self._piece.claim if self._piece is not None and self._piece.draft.done() else None

    def begin(self, claim: Claim, *, patient: bool) -> None:
        """Prepare a claim, for which there is room."""
        assert self._piece is None, "there is room for one"
        draft: Future[Draft] = Future()
        arguments = (claim, patient, draft)
        thread = Thread(target=self._prepare, args=arguments, name="speech")
        thread.start()
        self._piece = Piece(claim=claim, began=self._clock.monotonic(), draft=draft, thread=thread)

    def take(self) -> Piece:
        """The piece that has ended; there is room again."""
        assert self._piece is not None, "one has ended"
        piece, self._piece = self._piece, None
        return piece

    def leave(self) -> Claim | None:
        """The end is asked for: the claim that was here, for its owner to give back."""
        if self._piece is None:
            return None
        piece = self.take()
        if piece.thread is not None:
            piece.thread.join(LEAVE_SECONDS)
        return piece.claim

    def _prepare(self, claim: Claim, patient: bool, draft: Future[Draft]) -> None:
        self._pulse.beat()
        try:
            with tracing.of_post("prepare", self._server, claim.status_id):
                draft.set_result(self._preparer.prepare(claim, patient=patient))
        except BaseException as error:  # noqa: BLE001 - raised again where the draft is taken
            draft.set_exception(error)
        finally:
            self._pulse.end()
            self._wake()
