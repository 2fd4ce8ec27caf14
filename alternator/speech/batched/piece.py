"""A piece of a file that was decoded by itself: its segments, and what it left out."""

import itertools
from dataclasses import dataclass

from alternator.speech.batched.anomalies import Heard, skip_silence
from alternator.speech.batched.asking import Model
from alternator.speech.batched.drafts import (
    WINDOW_FRAMES,
    Cut,
    Draft,
    cut,
    frames_of,
    seconds,
)
from alternator.speech.batched.searching import is_silence
from alternator.speech.batched.voiced import Voice
from alternator.speech.batched.window import Decoded
from alternator.speech.batched.word_times import WordTimer
from alternator.speech.cutting import Span
from alternator.speech.engines.whisper_package import Tokenizer
from alternator.speech.options import DecodingOptions

# Whisper's last timestamp may come this much before the voice ends: seconds.
TOLERANCE = 0.4
# Speech behind the last segment that is heard again: a stretch of its own of this length, or the
# rest of one of that. Shorter rests are the end of a word, whose text is there already.
LEAST_STRETCH, LEAST_REST = 0.35, 1.5
SHORTEST = 0.2  # seconds: there is no word in less
# A window that runs in a circle is heard in halves down to this length, in seconds, and so often.
LEAST_HALVED, HALVED_ROUNDS = 4.0, 2


@dataclass(frozen=True, kw_only=True)
class Piece:
    """All of the window of that number, or what a ``round`` before left unheard of it.

    ``begin``: where its sound begins, before its ``span`` where what was said before is heard with
    it; None: with it.
    """

    window: int
    span: Span
    round: int = 0
    begin: float | None = None

    @property
    def sound(self) -> Span:
        """What is given to the model."""
        return self.span if self.begin is None else Span(start=self.begin, end=self.span.end)


@dataclass(frozen=True, kw_only=True, eq=False)
class Read:
    """The segments, and what is to be heard again, each by itself."""

    drafts: list[Draft]
    again: tuple[Span, ...] = ()


class PieceReader:
    """Reads the pieces of one request. ``options.language`` is known."""

    def __init__(
        self, voice: Voice, options: DecodingOptions, tokenizer: Tokenizer, model: Model
    ) -> None:
        self._voice = voice
        self._options = options
        self._tokenizer = tokenizer
        self._audio_context = model.audio_context
        self._most_tokens = model.text_context // 2
        self._timer = (
            WordTimer(tokenizer, options.prepend_punctuations, options.append_punctuations)
            if options.word_timestamps
            else None
        )

    def read(self, piece: Piece, decoded: Decoded) -> Read:
        """What was said in it, with times of the file."""
        if is_silence(decoded, self._options):
            return Read(drafts=[])
        span, seek = piece.span, frames_of(piece.sound.start)
        frames = min(WINDOW_FRAMES, frames_of(span.end) - seek)
        found = cut(decoded, self._tokenizer, seek, frames, self._audio_context)
        drafts = found.drafts
        # Of a window with one segment openai-whisper leaves its first timestamp out of account.
        stamp = decoded.tokens[0] - self._tokenizer.timestamp_begin if decoded.tokens else 0
        if stamp > 0:
            drafts[0].start = seconds(seek + stamp * WINDOW_FRAMES // self._audio_context)
        full = len(decoded.tokens) >= self._most_tokens
        if full and not found.rest and not found.ended and not self._repeats(decoded):
            # It talks too fast for one window; nobody knows where the text breaks off.
            return Read(drafts=[], again=self._halves(span))
        if self._repeats(decoded) and span.seconds >= LEAST_HALVED and piece.round < HALVED_ROUNDS:
            # Whatever the temperature, it ran in a circle: in half of the sound it mostly does not.
            return Read(drafts=[], again=self._halves(span))
        if self._options.without_timestamps:
            self._between_silences(drafts, span)
        elif found.rest and not full:
            drafts.append(self._last(decoded, found, piece))
        again = self._unheard(drafts, span)
        if self._timer is not None:
            self._timer.time(drafts, seconds(seek), frames, self._voice.before(span.start))
            threshold = self._options.hallucination_silence_threshold
            if threshold is not None:
                heard = Heard(
                    start=seek,
                    frames=frames,
                    seek=seek + frames,
                    total=frames_of(self._voice.total),
                    ended=True,
                    speech_end=self._voice.before(span.start),
                )
                kept = skip_silence(drafts, heard, threshold)
                drafts = kept.drafts
                if kept.seek < seek + frames:
                    again = self._worth(seconds(kept.seek), span)
        for draft in drafts:
            draft.clear_if_empty()
        told = [draft for draft in drafts if draft.text]
        if not told and piece.begin is not None:
            # The model may take all for said with what it was given: then it is heard alone.
            again = (span,)
        return Read(drafts=told, again=again)

    def _repeats(self, decoded: Decoded) -> bool:
        threshold = self._options.compression_ratio_threshold
        return threshold is not None and decoded.compression_ratio > threshold

    def _last(self, decoded: Decoded, found: Cut, piece: Piece) -> Draft:
        """What follows the last whole segment, which the model ended without a timestamp."""
        first = len(decoded.tokens) - found.rest
        tokens = decoded.tokens[first:]
        seek = frames_of(piece.sound.start)
        return Draft(
            seek=seek,
            start=seconds(seek + found.heard),
            end=self._speech_end(piece.span),
            text=self._tokenizer.decode([t for t in tokens if t < self._tokenizer.eot]),
            tokens=tokens,
            first=first,
            decoded=decoded,
        )

    def _between_silences(self, drafts: list[Draft], span: Span) -> None:
        """Without timestamps a segment's times are those of the speech in the window."""
        spoken = self._voice.between(span.start, span.end)
        if spoken:
            drafts[0].start, drafts[-1].end = spoken[0].start, spoken[-1].end

    def _speech_end(self, span: Span) -> float:
        spoken = self._voice.between(span.start, span.end)
        return spoken[-1].end if spoken else span.end

    def _unheard(self, drafts: list[Draft], span: Span) -> tuple[Span, ...]:
        """The speech behind the last segment with words, if there is enough of it to be some.

        A last timestamp may have no text behind it: then a sentence was begun and not written.
        Where nothing was understood at all, a second time would change nothing.
        """
        ends = [draft.end for draft in drafts if draft.text.strip()]
        return self._worth(ends[-1], span) if ends else ()

    def _worth(self, end: float, span: Span) -> tuple[Span, ...]:
        for spoken in self._voice.between(span.start, span.end):
            own = spoken.start >= end - TOLERANCE
            left = spoken.seconds if own else spoken.end - end
            if left >= (LEAST_STRETCH if own else LEAST_REST):
                start = max(end, spoken.start - TOLERANCE)
                start = seconds(frames_of(start))
                if start - span.start >= SHORTEST and span.end - start >= SHORTEST:
                    return (Span(start=start, end=span.end),)
        return ()

    def _halves(self, span: Span) -> tuple[Span, ...]:
        """The piece cut at the longest pause around its middle; nothing of what is too short."""
        if span.seconds < 4 * SHORTEST:
            return ()
        quarter = span.seconds / 4
        spoken = self._voice.between(span.start + quarter, span.end - quarter)
        pauses = [
            (after.start - before.end, (before.end + after.start) / 2)
            for before, after in itertools.pairwise(spoken)
        ]
        middle = max(pauses)[1] if pauses else (span.start + span.end) / 2
        middle = seconds(frames_of(middle))
        return Span(start=span.start, end=middle), Span(start=middle, end=span.end)
