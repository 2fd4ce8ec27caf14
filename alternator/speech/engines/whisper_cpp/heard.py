"""What whisper.cpp has heard, read out of its context.

The binding's own segments have neither tokens nor the space before their text; its C functions are
public in ``_pywhispercpp``: https://github.com/absadiki/pywhispercpp/blob/main/src/main.cpp
"""

from collections.abc import Iterator

import _pywhispercpp as cpp

from alternator.speech.transcript import Segment, Word

TICKS = 100  # a second has so many


class Heard:
    """``context`` is the model's. ``shift``: where its sound begins in the whole, in seconds."""

    def __init__(self, context: object, *, shift: float, words: bool) -> None:
        self._context = context
        self._shift = shift
        self._words = words
        self._told = 0

    def new(self) -> Iterator[Segment]:
        """The segments that came since this was asked before."""
        while self._told < cpp.whisper_full_n_segments(self._context):
            yield self._segment(self._told)
            self._told += 1

    @property
    def language(self) -> str:
        """Whisper's code."""
        number = cpp.whisper_full_lang_id(self._context)
        code: str = cpp.whisper_lang_str(number)
        return code

    def _segment(self, number: int) -> Segment:
        raw: bytes = cpp.whisper_full_get_segment_text(self._context, number)
        return Segment(
            start=self._time(cpp.whisper_full_get_segment_t0(self._context, number)),
            end=self._time(cpp.whisper_full_get_segment_t1(self._context, number)),
            text=raw.decode("utf-8", "replace"),
            words=tuple(self._words_of(number)) if self._words else None,
        )

    def _words_of(self, number: int) -> Iterator[Word]:
        """Tokens put together: a word begins with a space, as whisper.cpp splits them itself."""
        end = cpp.whisper_token_eot(self._context)
        word: list[tuple[bytes, object]] = []
        for place in range(cpp.whisper_full_n_tokens(self._context, number)):
            data = cpp.whisper_full_get_token_data(self._context, number, place)
            if data.id >= end:
                continue
            raw = cpp.whisper_token_to_bytes(self._context, data.id)
            if raw.startswith(b" ") and word:
                yield self._word(word)
                word = []
            word.append((raw, data))
        if word:
            yield self._word(word)

    def _word(self, tokens: list[tuple[bytes, "cpp.whisper_token_data"]]) -> Word:
        return Word(
            start=self._time(tokens[0][1].t0),
            end=self._time(tokens[-1][1].t1),
            text=b"".join(raw for raw, _ in tokens).decode("utf-8", "replace"),
            probability=sum(data.p for _, data in tokens) / len(tokens),
        )

    def _time(self, ticks: int) -> float:
        return self._shift + max(ticks, 0) / TICKS
