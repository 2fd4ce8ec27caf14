"""A foreign package that brings a speech engine."""

from pathlib import Path

import foreign_engine
import pytest

ENGINE = '''
"""An engine that needs no model: it "hears" the words in the file, one segment each."""

from pathlib import Path

from alternator.errors import MediaError
from alternator.speech.engines.engine import (
    CancelledRequestError, Done, Failed, Progressed, Said, SegmentFound,
)
from alternator.speech.transcript import Segment, Transcript


class HoarseError(MediaError):
    """Only this engine knows it."""


class Reader:
    device = "paper"

    def load(self, model, device, options, progress):
        Path(__file__).with_name("proven").write_text(str(options.proven_device))
        progress.line(f"opening {model}")
        progress.advanced(1.0, 1.0)

    def transcribe(self, batch):
        """All that wait at once, a word of each in turn, and whoever joins meanwhile."""
        running = {}
        while True:
            while (request := batch.take()) is not None:
                running[request.id] = request, request.path.read_text().split(), []
            if not running:
                return
            for id, (request, words, segments) in list(running.items()):
                if batch.cancelled(id):
                    del running[id]
                    yield Failed(id=id, error=CancelledRequestError("put down"))
                elif "hoarse" in words:
                    del running[id]
                    yield Failed(id=id, error=HoarseError("it has a cold"))
                elif "defect" in words:
                    raise ZeroDivisionError("of the engine")
                elif "invent" in words:
                    yield Failed(id="99", error=HoarseError("nobody asked"))
                elif "forget" in words:
                    del running[id]
                elif len(segments) < len(words):
                    segment = Segment(
                        start=len(segments), end=len(segments) + 1, text=f" {words[len(segments)]}"
                    )
                    segments.append(segment)
                    yield SegmentFound(id=id, segment=segment)
                    yield Progressed(id=id, done=len(segments), total=len(words))
                elif "wait" not in words:
                    del running[id]
                    yield Said(id=id, text="the end")
                    yield Done(id=id, transcript=Transcript(
                        text=" ".join(words), language="en", duration=len(words),
                        segments=tuple(segments),
                    ))
                else:
                    yield Progressed(id=id, done=len(segments), total=len(words))

    def unload(self):
        Path(__file__).with_name("unloaded").touch()
'''


@pytest.fixture
def reader_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution with an engine ``reader``, and two that can't be imported, on the path of
    this process and of those that it starts. Returns where it lies."""
    site = tmp_path / "site"
    engines = {"reader": "paper_engine:Reader", "broken": "paper_engine_gone:Reader"}
    foreign_engine.install(site, monkeypatch, "paper_engine", ENGINE, engines)
    return site
