"""Transcribes the files that were named, one after the other, and says how each of them went."""

import dataclasses
import sys
from pathlib import Path
from typing import TypeVar

from alternator.config.load import load_whisper
from alternator.config.models import WhisperSettings
from alternator.errors import AlternatorError, MediaError, OutputError, WorkerError
from alternator.media.audio import check_file
from alternator.progress import Progress
from alternator.speech.transcriber import Transcriber
from alternator.transcribe.options import Arguments
from alternator.transcribe.output import make_directory, output_stems, write
from probe.exit_codes import ExitCode

T = TypeVar("T")


class Terminal(Progress):
    """Whisper's own lines on stdout as they come; the options say where that is for results."""

    def line(self, text: str) -> None:
        """One line of text that was recognised."""
        print(text, flush=True)


def run(arguments: Arguments) -> int:
    """The exit code: 0 if every file was transcribed, FAILED if not."""
    if arguments.output.directory is not None:
        make_directory(arguments.output.directory)
    stems = output_stems(arguments.files)
    settings = whisper_settings(arguments)
    decoding = dataclasses.replace(
        arguments.decoding, language=settings.language, task=settings.task
    )
    arguments = dataclasses.replace(arguments, decoding=decoding)
    with Transcriber(settings, device=arguments.device, threads=arguments.threads) as transcriber:
        done = [work_on(path, stems[path], transcriber, arguments) for path in arguments.files]
    return 0 if all(done) else ExitCode.FAILED


def work_on(path: Path, stem: str, transcriber: Transcriber, arguments: Arguments) -> bool:
    """Transcribes one file and says whether that went well; if not, it has said why.

    Raised is only what the next file would meet as well: no model, no worker that starts.
    """
    try:
        # Before the model is loaded: a mistyped name should not take that long to tell.
        check_file(path)
    except MediaError as error:
        return complain(error)
    transcriber.start()
    try:
        transcript = transcriber.transcribe(path, options=arguments.decoding, progress=Terminal())
        write(transcript, stem, arguments.output)
    except (MediaError, OutputError) as error:
        return complain(error)
    except WorkerError as error:
        return complain(f"{path}: {error}")
    return True


def complain(error: AlternatorError | str) -> bool:
    """One line for the person at the terminal; always False."""
    print(f"alternator transcribe: {error}", file=sys.stderr)
    return False


def whisper_settings(arguments: Arguments) -> WhisperSettings:
    """The configuration with what the command line says on top; the limit on length is the
    bot's, for clips that others wait for, and not for files that somebody chose."""
    settings = load_whisper(arguments.config)
    language = chosen(arguments.language, settings.language)
    return dataclasses.replace(
        settings,
        engine=chosen(arguments.engine, settings.engine),
        model=chosen(arguments.model, settings.model),
        model_dir=chosen(arguments.model_dir, settings.model_dir),
        language=None if language == "auto" else language,
        task=chosen(arguments.task, settings.task),
        max_duration_minutes=0,
    )


def chosen(given: T | None, configured: T) -> T:
    """What the command line says, where it says anything."""
    return configured if given is None else given
