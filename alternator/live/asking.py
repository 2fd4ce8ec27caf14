"""Has a window of a stream heard: as a small file, by a transcriber that many streams share."""

import asyncio
import dataclasses
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alternator.errors import MediaError
from alternator.live.item import moved_by
from alternator.live.look import Look
from alternator.speech.engines.engine import Done, Failed, Known
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber
from alternator.speech.transcript import Transcript
from probe.errors import reason_of


def quickly(options: DecodingOptions) -> DecodingOptions:
    """The same for words that are not final: no beams, no second try, no times of words."""
    return dataclasses.replace(
        options,
        beam_size=None,
        patience=None,
        temperature=options.temperature[:1],
        word_timestamps=False,
        hallucination_silence_threshold=None,
    )


def promptly(options: DecodingOptions, *, hurried: bool) -> DecodingOptions:
    """The same for words that are final: a second try, and no third; ``hurried``: no beams.

    A window that Whisper repeats itself in takes as long as ten others at each temperature, and all
    that is said after it waits for it. What it repeats at both is heard in halves.
    """
    prompt = dataclasses.replace(options, temperature=options.temperature[::2][:2])
    if not hurried:
        return prompt
    return dataclasses.replace(prompt, beam_size=None, patience=None, best_of=None)


def for_a_look(options: DecodingOptions, look: Look) -> DecodingOptions:
    """The operator's options for a look whose text may be final, or else for a quick one."""
    return promptly(options, hurried=look.hurried) if look.full else quickly(options)


async def transcript_of(
    transcriber: Transcriber, look: Look, options: DecodingOptions, folder: Path
) -> Transcript:
    """What is said in what is to be heard, which is in ``folder`` for so long; ``options`` are the
    operator's. With what was said before, where the engine takes notice of it.

    Cancelled, it cancels the request. Errors of the transcriber, and MediaError where the file
    can't be written.
    """
    before = look.before if transcriber.continues else None
    with kept(before.wav if before else look.wav, folder) as path:
        transcription = transcriber.submit(
            path,
            for_a_look(options, look),
            urgent=look.urgent,
            known=Known(until=before.seconds, said=before.said) if before else None,
        )
        loop = asyncio.get_running_loop()
        last: asyncio.Future[Done | Failed] = loop.create_future()

        def tell(event: Done | Failed) -> None:
            if not last.done():
                last.set_result(event)

        def read() -> None:
            for event in transcription.events():
                if isinstance(event, Done | Failed):
                    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                        loop.call_soon_threadsafe(tell, event)

        # The pool's queues are made for threads. It ends with the last event.
        threading.Thread(target=read, name=f"live {transcription.id}", daemon=True).start()
        try:
            event = await last
        except asyncio.CancelledError:
            transcription.cancel()
            raise
        if isinstance(event, Failed):
            raise event.error
        return moved(event.transcript, -before.seconds) if before else event.transcript


def moved(transcript: Transcript, seconds: float) -> Transcript:
    """The same with other times."""
    segments = tuple(moved_by(seconds, segment) for segment in transcript.segments)
    return dataclasses.replace(transcript, segments=segments)


@contextmanager
def kept(wav: bytes, folder: Path) -> Iterator[Path]:
    """A file that ends with the block. MediaError if there is no room for it."""
    try:
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix="live-", suffix=".wav", delete=False
        ) as file:
            path = Path(file.name)
            try:
                file.write(wav)
            except OSError:
                path.unlink()
                raise
    except OSError as error:
        raise MediaError(
            f"a window of live sound can't be kept: {reason_of(error)}; set TMPDIR to another place"
        ) from None
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
