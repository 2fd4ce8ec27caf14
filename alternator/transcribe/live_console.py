"""What the person at the terminal sees of live speech: final lines, and words that may change."""

import shutil
import statistics
import sys
import unicodedata
from typing import TextIO

from alternator.live.news import Final, Partial
from alternator.speech.formats import vtt_time
from alternator.transcribe.console import span

# Back to the line's beginning, and the rest of it away: ECMA-48, EL.
CLEAR = "\r\x1b[K"


class LiveConsole:
    """``words``: whether words are shown before they are final, which a terminal can take back."""

    def __init__(self, stream: TextIO, *, words: bool) -> None:
        self._stream = stream
        self._words = words
        self._shown = False
        self._latencies: list[float] = []
        self._sentences = 0

    def partial(self, partial: Partial) -> None:
        """Words that are not final, the end of them where they are too many for a line."""
        if self._words:
            text = f"{partial.confirmed}{partial.tentative}".strip()
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(CLEAR + fitting(text, width))
            self._stream.flush()
            self._shown = True

    def final(self, final: Final) -> None:
        """Lines that stay."""
        self.clear()
        for segment in final.segments:
            times = f"[{vtt_time(segment.start)} --> {vtt_time(segment.end)}]"
            print(f"{times} {segment.text}", file=self._stream, flush=True)
        self._sentences += 1
        self._latencies.append(final.latency)

    def complain(self, text: str) -> None:
        """Something that the person must know."""
        self.clear()
        print(f"alternator transcribe: {text}", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take words away that are not final."""
        if self._shown:
            self._stream.write(CLEAR)
            self._stream.flush()
            self._shown = False

    def summary(self, seconds: float) -> str:
        """The last line: how much was heard, and how late its text was."""
        text = f"{self._sentences} sentences in {span(seconds)} of sound"
        if self._latencies:
            text += (
                f"; their text was final {statistics.median(self._latencies):.1f} s after the last "
                f"word (median), {max(self._latencies):.1f} s at most"
            )
        return text


def fitting(text: str, width: int) -> str:
    """The end of a text that fits into so many columns."""
    columns = 0
    for number, sign in enumerate(reversed(text)):
        columns += 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if columns > width:
            return text[len(text) - number :]
    return text
