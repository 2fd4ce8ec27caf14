"""Transcribes what was named, side by side, and says how each of them went."""

import dataclasses
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NoReturn

from alternator.config.load import load_whisper
from alternator.config.models import SERVER_ENGINE, WhisperSettings
from alternator.errors import MediaError
from alternator.media.local_file import check_file
from alternator.models.speaker_weights import check_speaker_weights
from alternator.speech.opening import open_speech
from alternator.transcribe.console import Console, show_anything
from alternator.transcribe.inputs import Item, items_of
from alternator.transcribe.options import Arguments, Overrides
from alternator.transcribe.output import is_there, make_directory
from alternator.transcribe.work import Work
from probe.exit_codes import ExitCode

# Items that are fetched, decoded or computed at the same time: the engine's batch is filled from
# several files, and a short one does not wait behind a long one.
SIDE_BY_SIDE = 16


def run(arguments: Arguments) -> int:
    """The exit code: 0 if everything was transcribed, FAILED if not."""
    show_anything()
    if arguments.output.directory is not None:
        make_directory(arguments.output.directory)
    settings = whisper_settings(arguments)
    decoding = dataclasses.replace(
        arguments.decoding, language=settings.language, task=settings.task, vad=settings.vad
    )
    arguments = dataclasses.replace(arguments, decoding=decoding)
    items, wrong = items_of(arguments.inputs)
    console = Console(
        [*(str(error) for error in wrong), *(item.name for item in items)],
        lines=arguments.shows_lines,
        bar=arguments.shows_bar and sys.stderr.isatty(),
    )
    for number, error in enumerate(wrong):
        console.complain(number, str(error))
        console.ended(number, "failed")
    with terminated():
        try:
            numbered = dict(enumerate(items, start=len(wrong)))
            todo = {
                n: item for n, item in numbered.items() if is_to_do(n, item, arguments, console)
            }
            if todo:
                transcribe(todo, settings, arguments, console)
        finally:
            console.close()
    if len(items) + len(wrong) > 1:
        print(f"alternator transcribe: {console.summary()}", file=sys.stderr)
    return ExitCode.FAILED if console.count("failed") else 0


def is_to_do(number: int, item: Item, arguments: Arguments, console: Console) -> bool:
    """Whether anything is to be done for it; if not, why is said."""
    if arguments.resume and is_there(item, arguments.output):
        console.ended(number, "there")
        return False
    if item.kind == "file":
        try:
            # Before the model is loaded: a mistyped name should not take that long to tell.
            check_file(item.path)
        except MediaError as error:
            console.complain(number, str(error))
            console.ended(number, "failed")
            return False
    return True


def transcribe(
    todo: dict[int, Item], settings: WhisperSettings, arguments: Arguments, console: Console
) -> None:
    """Work on all items by their number.

    Raised is only what every one of them would meet: no model, no worker that starts.
    """
    stopping = threading.Event()
    if arguments.speakers is not None:
        check_speaker_weights(settings)  # before the model, which may have to be fetched
    with open_speech(settings, device=arguments.device, threads=arguments.threads) as transcriber:
        transcriber.start()
        work = Work(transcriber, arguments, console, stopping)
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="transcribe") as pool:
            try:
                for future in [pool.submit(work.on, *numbered) for numbered in todo.items()]:
                    future.result()
            except BaseException:
                stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise


@contextmanager
def terminated() -> Iterator[None]:
    """SIGTERM ends the work as Ctrl-C does: the worker goes too, and nothing is left behind."""

    def end(*_: object) -> NoReturn:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def whisper_settings(arguments: Arguments) -> WhisperSettings:
    """The configuration with what the command line says on top; the limit on length is the
    bot's, for clips that others wait for, and not for files that somebody chose."""
    settings = load_whisper(arguments.config)
    settings = with_engines(settings, arguments.overrides)
    overrides = dataclasses.replace(arguments.overrides, engine=None)
    given = {
        field.name: value
        for field in dataclasses.fields(Overrides)
        if (value := getattr(overrides, field.name)) is not None
    }
    settings = dataclasses.replace(settings, max_duration_minutes=0, **given)
    return dataclasses.replace(settings, language=None) if settings.language == "auto" else settings


def with_engines(settings: WhisperSettings, given: Overrides) -> WhisperSettings:
    """What the command line says of engine and model is all that counts: no server that the
    configuration names goes before the engines named there, and none renames the model."""
    if given.engine is not None:
        names = [name.strip() for name in given.engine.split(",") if name.strip()]
        engine, *others = names or [settings.engine]
        url = settings.server_url if SERVER_ENGINE in names else None
        settings = dataclasses.replace(
            settings, engine=engine, fallback_engines=tuple(others), server_url=url
        )
    if given.model is not None:
        settings = dataclasses.replace(settings, server_model=None)
    return settings
