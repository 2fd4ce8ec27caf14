"""Prepares a post with speech in the thread that describes it: a worker has a thread for each."""

from concurrent.futures import Future

from alternator import tracing
from alternator.bot.draft import Draft
from alternator.bot.speech_lane import Piece, Preparer
from alternator.clock import Clock
from alternator.store.outcomes import Claim


class InlineLane:
    """``alternator.bot.speech_lane.Lane``: what begins has ended when that returns.

    ``Stopping`` passes: whoever describes gives the claim back.
    """

    def __init__(self, preparer: Preparer, clock: Clock) -> None:
        self._preparer = preparer
        self._clock = clock
        self._piece: Piece | None = None

    @property
    def busy(self) -> bool:
        """Whether a post is prepared and not taken yet."""
        return self._piece is not None

    @property
    def ended(self) -> Claim | None:
        """The claim that is prepared, or could not be."""
        return None if self._piece is None else self._piece.claim

    def begin(self, claim: Claim, *, patient: bool) -> None:
        """Prepare a claim."""
        began = self._clock.monotonic()
        draft: Future[Draft] = Future()
        try:
            with tracing.span("prepare"):
                draft.set_result(self._preparer.prepare(claim, patient=patient))
        except Exception as error:  # noqa: BLE001 - raised again where the draft is taken
            draft.set_exception(error)
        self._piece = Piece(claim=claim, began=began, draft=draft)

    def take(self) -> Piece:
        """The piece; there is room again."""
        assert self._piece is not None, "one has ended"
        piece, self._piece = self._piece, None
        return piece

    def leave(self) -> Claim | None:
        """The end is asked for: the claim that was here."""
        return None if self._piece is None else self.take().claim
