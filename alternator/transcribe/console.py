"""What the person at the terminal sees: lines of text as they are recognised, a bar, a summary.

Files are worked on side by side, and their lines must not mix: those of the first one that is not
finished come at once, those of the others when it is their turn.
"""

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Literal

from tqdm import tqdm

from alternator.speech.formats import vtt_time, who
from alternator.speech.transcript import Segment

Outcome = Literal["transcribed", "there", "failed"]

# Files done of all, seconds of sound heard, and how many of them in a second of work.
BAR = "{percentage:3.0f}%|{bar}| {desc} [{elapsed}<{remaining}]"
RESULTS_MIN_SECONDS = 0.5  # less work than this gives no honest speed


@dataclass(kw_only=True)
class Part:
    """One item's share: lines that wait for their turn, how far it is, how it ended."""

    name: str
    lines: list[tuple[bool, str]] = field(default_factory=list)  # whether to stderr, and the text
    done: float = 0.0  # seconds of sound
    total: float = 0.0
    outcome: Outcome | None = None


class Console:
    """Any thread may call. ``lines``: whether recognised text is shown."""

    def __init__(self, names: list[str], *, lines: bool, bar: bool) -> None:
        self._lock = threading.Lock()
        self._parts = [Part(name=name) for name in names]
        self._turn = 0
        self._lines = lines
        self._began: float | None = None
        self._bar = (
            tqdm(total=len(names), bar_format=BAR, file=sys.stderr, leave=False) if bar else None
        )

    def segment(self, number: int, segment: Segment) -> None:
        """A segment of the item of that number was recognised."""
        if self._lines and segment.text.strip():
            times = f"[{vtt_time(segment.start)} --> {vtt_time(segment.end)}]"
            name = who(segment.speaker)
            self._say(number, f"{times} {name}{segment.text.strip() if name else segment.text}")

    def line(self, number: int, text: str) -> None:
        """A line about it that is shown with its text."""
        if self._lines:
            self._say(number, text)

    def begun_anew(self, number: int) -> None:
        """What was recognised in it so far does not count; what is shown already stays."""
        with self._lock:
            part = self._parts[number]
            part.lines = [line for line in part.lines if line[0]]

    def output(self, number: int, text: str) -> None:
        """Its result, for standard output."""
        self._say(number, text)

    def complain(self, number: int, text: str) -> None:
        """Something that its owner must know."""
        self._say(number, f"alternator transcribe: {text}", error=True)

    def advanced(self, number: int, done: float, total: float) -> None:
        """So many seconds of its sound were heard."""
        with self._lock:
            if self._began is None:
                self._began = time.monotonic()
            part = self._parts[number]
            part.done, part.total = done, total
            self._show()

    def ended(self, number: int, outcome: Outcome) -> None:
        """Nothing more comes of it."""
        with self._lock:
            part = self._parts[number]
            part.outcome = outcome
            if outcome == "transcribed":
                part.done = part.total
            self._show()
            while self._turn < len(self._parts):
                part = self._parts[self._turn]
                self._flush(part)
                if part.outcome is None:
                    break
                self._turn += 1

    def close(self) -> None:
        """Take the bar away, and show what still waits for its turn."""
        with self._lock:
            for part in self._parts[self._turn :]:
                self._flush(part)
            if self._bar is not None:
                self._bar.close()

    def count(self, outcome: Outcome) -> int:
        """How many items ended so."""
        return sum(part.outcome == outcome for part in self._parts)

    def summary(self) -> str:
        """The last line: what became of the items, and how fast."""
        sound = sum(part.total for part in self._parts if part.outcome == "transcribed")
        text = f"{self.count('transcribed')} of {len(self._parts)} transcribed"
        if there := self.count("there"):
            text += f", {there} there already"
        if failed := self.count("failed"):
            text += f", {failed} failed"
        seconds = time.monotonic() - self._began if self._began is not None else 0.0
        if sound and seconds >= RESULTS_MIN_SECONDS:
            text += f": {span(sound)} of sound in {span(seconds)}, {speed(sound / seconds)}"
        return text

    def _say(self, number: int, text: str, *, error: bool = False) -> None:
        with self._lock:
            self._parts[number].lines.append((error, text))
            if number == self._turn:
                self._flush(self._parts[number])

    def _flush(self, part: Part) -> None:
        for error, text in part.lines:
            stream = sys.stderr if error else sys.stdout
            if self._bar is None:
                print(text, file=stream, flush=True)
            else:
                self._bar.write(text, file=stream)
        part.lines.clear()

    def _show(self) -> None:
        if self._bar is None:
            return
        shares = (
            1.0 if part.outcome else min(part.done / part.total, 1.0) if part.total else 0.0
            for part in self._parts
        )
        self._bar.n = sum(shares)
        heard = sum(part.done for part in self._parts)
        finished = sum(part.outcome is not None for part in self._parts)
        text = f"{finished}/{len(self._parts)} files, {span(heard)} of sound"
        seconds = time.monotonic() - self._began if self._began is not None else 0.0
        if seconds >= RESULTS_MIN_SECONDS:
            text += f", {speed(heard / seconds)}"
        self._bar.set_description_str(text, refresh=False)
        self._bar.refresh()


def span(seconds: float) -> str:
    """``8.3 s``, ``4 min 05 s``, ``1 h 02 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def speed(factor: float) -> str:
    """How many seconds of sound in a second: ``53 × real time``."""
    return f"{factor:.1f} × real time" if factor < 10 else f"{factor:.0f} × real time"


def show_anything() -> None:
    """What the terminal can't show becomes a question mark instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
