"""Side by side: a file's windows, cut at silences, are decoded together in any order.

Silence is not decoded at all. Segments come in their order: a window that is done waits for those
before it. What a window left unheard is heard again, from there, so that no word is lost.

Where the language is not known, each window's own is detected, until the first few agree on one;
those that were decoded in another are decoded again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch

from alternator.speech.batched.asking import Answer, Ask, Listening, Model, Outcome, Step
from alternator.speech.batched.drafts import Draft
from alternator.speech.batched.invented import Inventions
from alternator.speech.batched.languages_heard import LanguagesHeard
from alternator.speech.batched.lead import Spoken, spoken
from alternator.speech.batched.lines import language_line, segment_line
from alternator.speech.batched.piece import Piece, PieceReader
from alternator.speech.batched.prompts import Prompts
from alternator.speech.batched.searching import search_of
from alternator.speech.batched.sureness import confidence_of, rate
from alternator.speech.batched.voiced import Voiced
from alternator.speech.batched.window import Decoded, Window
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Segment

# As often a window is heard again for what it left out: each time it is shorter.
MOST_ROUNDS = 30


def listen(
    sound: Voiced, options: DecodingOptions, model: Model, *, ahead: Callable[[], int]
) -> Listening:
    """``ahead``: the most windows that may be asked for at this moment.

    ``options.language`` is a code of Whisper's, or None to have it detected.
    """
    if not sound.windows:
        yield Step(heard=sound.seams.moment(sound.voice.total))
        return Outcome(segments=(), language=options.language or "")
    loop = _Loop(sound, options, model, ahead)
    answer: Answer | None = None
    while not loop.done:
        if answer is not None:
            loop.take(answer)
        answer = yield loop.step()
    return loop.outcome()


@dataclass(kw_only=True, eq=False)
class _Slot:
    """A window of the file: what was found in it so far, and how many pieces of it are not done."""

    drafts: list[Draft] = field(default_factory=list)
    open: int = 1


class _Loop:
    """One request's windows."""

    def __init__(
        self, sound: Voiced, options: DecodingOptions, model: Model, ahead: Callable[[], int]
    ) -> None:
        self._sound, self._options, self._model, self._ahead = sound, options, model, ahead
        self._slots = [_Slot() for _ in sound.windows]
        self._search = search_of(options)
        self._asked: dict[int, Piece] = {}  # by the number of the Ask
        self._number = 0
        self._unasked = 0  # the first window that was not asked for yet
        self._untold = 0  # the first window whose segments were not told yet
        self._again: list[Piece] = []
        self._early: list[tuple[Piece, Decoded]] = []  # before the language was known
        self._segments: list[Segment] = []
        self._lines: list[str] = []
        self._reader: PieceReader | None = None
        self._spoken = Spoken()
        self._inventions = Inventions(sound.voice)
        # Whatever the language, the words of a prompt are the same tokens.
        self._tokenizer = model.tokenizers("en", options.task)
        self._prompts = Prompts(options, self._tokenizer, model.text_context, follows=False)
        known = options.language if model.detect_language else "en"
        self._languages = LanguagesHeard(known, windows=len(sound.windows))
        if known is not None:
            self._know(known)

    @property
    def done(self) -> bool:
        """Whether all is told."""
        return self._untold == len(self._slots)

    def outcome(self) -> Outcome:
        return Outcome(
            segments=tuple(self._segments),
            language=self._languages.decided or "",
            language_probability=self._languages.probability,
            confidence=confidence_of(self._segments),
        )

    def step(self) -> Step:
        """What is new, and which windows are wanted now."""
        segments = tuple(self._tell())
        lines, self._lines = tuple(self._lines), []
        asks = tuple(self._asks())
        return Step(heard=self._heard(), asks=asks, segments=segments, lines=lines)

    def take(self, answer: Answer) -> None:
        """A window was decoded."""
        piece = self._asked.pop(answer.number)
        decided = self._languages.decided
        if decided is None:
            self._early.append((piece, answer.decoded))
            self._languages.heard(piece.window, answer.decoded, piece.span.seconds)
            if (decided := self._languages.decided) is not None:
                self._know(decided)
                if self._options.verbose is not None:
                    self._lines.append(language_line(decided))
                for early, decoded in self._early:
                    self._read(early, decoded, decided)
                self._early.clear()
        else:
            self._read(piece, answer.decoded, decided)

    def _know(self, language: str) -> None:
        options = replace(self._options, language=language)
        self._tokenizer = self._model.tokenizers(language, options.task)
        self._reader = PieceReader(self._sound.voice, options, self._tokenizer, self._model)
        if (lead := self._sound.lead) is not None:
            most = self._model.text_context // 2 - 1
            self._spoken = spoken(lead, self._tokenizer, self._model.audio_context, most)

    def _read(self, piece: Piece, decoded: Decoded, language: str) -> None:
        """Take a window's text, or have it decoded again in the file's language."""
        if decoded.language != language:
            self._again.append(piece)
            return
        assert self._reader is not None
        read = self._reader.read(piece, decoded)
        slot = self._slots[piece.window]
        slot.drafts += read.drafts
        again = read.again if piece.round < MOST_ROUNDS else ()
        slot.open += len(again) - 1
        self._again += (
            Piece(window=piece.window, span=span, round=piece.round + 1) for span in again
        )

    def _asks(self) -> Iterator[Ask]:
        room = max(self._ahead() - len(self._asked), 0)
        pieces = self._again[:room]
        del self._again[:room]
        last = min(len(self._slots), self._unasked + room - len(pieces))
        pieces += (self._whole(place) for place in range(self._unasked, last))
        self._unasked = last
        mels = self._sound.mels([piece.sound for piece in pieces]) if pieces else []
        for piece, mel in zip(pieces, mels, strict=True):
            self._asked[self._number] = piece
            yield Ask(number=self._number, window=self._window(piece, mel))
            self._number += 1

    def _whole(self, place: int) -> Piece:
        """A window, the first one with what was said before it."""
        span, lead = self._sound.windows[place], self._sound.lead
        begin = lead.start if lead and place == 0 and self._spoken.tokens else None
        return Piece(window=place, span=span, begin=begin)

    def _window(self, piece: Piece, mel: torch.Tensor) -> Window:
        first = piece.window == 0 and piece.round == 0
        led = piece.begin is not None
        return Window(
            owner=self._sound.owner,
            mel=mel,
            search=self._search,
            language=self._languages.decided,
            task=self._options.task,
            prompt=self._prompts.alone(),
            prefix=self._spoken.tokens if led else self._prompts.prefix if first else (),
            exact=False,
            begins=self._spoken.until if led else None,
        )

    def _tell(self) -> Iterator[Segment]:
        """The segments of windows that are done, as are all before them."""
        while not self.done and not (slot := self._slots[self._untold]).open:
            self._untold += 1
            drafts = sorted(slot.drafts, key=lambda draft: draft.start)
            kept = self._inventions.without(drafts)
            rate(kept, self._tokenizer, self._sound.voice)
            for draft in kept:
                self._sound.seams.place(draft)
                segment = draft.finished()
                self._segments.append(segment)
                if self._options.verbose:
                    self._lines.append(segment_line(segment))
                yield segment
            slot.drafts = []

    def _heard(self) -> float:
        told = self._sound.windows[self._untold - 1].end if self._untold else 0.0
        return self._sound.seams.moment(self._sound.voice.total if self.done else told)
