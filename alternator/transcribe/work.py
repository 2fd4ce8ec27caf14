"""One item from its file to its results, in a thread of its own."""

import threading
from pathlib import Path
from typing import assert_never

from alternator.errors import MediaError, OutputError, WorkerError
from alternator.progress import Progress
from alternator.speech.engines.engine import Done, Failed, Progressed, Said, SegmentFound
from alternator.speech.languages import language_name
from alternator.speech.opening import Speech
from alternator.speech.transcript import Transcript
from alternator.speech.worker.protocol import Retried, Started
from alternator.transcribe.console import Console
from alternator.transcribe.inputs import Item
from alternator.transcribe.options import Arguments
from alternator.transcribe.output import to_stdout, write
from alternator.transcribe.source import opened


class StoppedError(Exception):
    """The whole command ends."""


class Stopping(Progress):
    """Breaks the work of a thread off when the whole command ends."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def beat(self) -> None:
        """StoppedError once the command ends."""
        if self._event.is_set():
            raise StoppedError


class Work:
    """What all items share. Any thread may call."""

    def __init__(
        self,
        transcriber: Speech,
        arguments: Arguments,
        console: Console,
        stopping: threading.Event,
    ) -> None:
        self._transcriber = transcriber
        self._arguments = arguments
        self._console = console
        self._progress = Stopping(stopping)

    def on(self, number: int, item: Item) -> None:
        """Transcribe one item and write its results, or say why not.

        Raised is only what every other would meet as well.
        """
        try:
            self._one(number, item)
        except (MediaError, OutputError, WorkerError) as error:
            self._console.complain(number, str(error))
            self._console.ended(number, "failed")
        except StoppedError:
            pass
        else:
            self._console.ended(number, "transcribed")

    def _one(self, number: int, item: Item) -> None:
        self._progress.beat()
        with opened(item, self._progress) as path:
            try:
                transcript = self._heard(number, path)
            except WorkerError as error:
                raise WorkerError(f"{item.name}: {error}") from None
            except MediaError as error:
                if item.kind == "file":
                    raise
                # Nobody knows the temporary file by name.
                raise type(error)(str(error).replace(str(path), item.name)) from None
        if self._arguments.decoding.language is None and transcript.language:
            sure = transcript.language_probability
            share = "" if sure is None else f" ({sure:.0%})"
            name = language_name(transcript.language)
            self._console.line(number, f"Detected language: {name}{share}")
        for note in transcript.notes:
            self._console.complain(number, f"{item.name}: {note}")
        output = self._arguments.output
        if output.directory is None:
            self._console.output(number, to_stdout(transcript, output))
        else:
            write(transcript, item.stem, output)

    def _heard(self, number: int, path: Path) -> Transcript:
        transcription = self._transcriber.submit(
            path,
            self._arguments.decoding,
            audio_track=self._arguments.audio_track,
            speakers=self._arguments.speakers,
        )
        try:
            for event in transcription.events(self._progress):
                self._progress.beat()
                match event:
                    case Done():
                        return event.transcript
                    case Failed():
                        raise event.error
                    case Retried():
                        self._console.begun_anew(number)
                        self._console.complain(number, f"{path}: {event.text}")
                    case Said():
                        self._console.complain(number, f"{path}: {event.text}")
                    case Progressed():
                        self._console.advanced(number, event.done, event.total)
                    case SegmentFound():
                        self._console.segment(number, event.segment)
                    case Started():
                        pass
                    case _:
                        assert_never(event)
        except BaseException:
            transcription.cancel()
            raise
        raise AssertionError("the last event is Done or Failed")
