"""``alternator transcribe``: what the bot does to attachments, done to local files."""

import dataclasses
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from alternator.config.load import load_whisper
from alternator.config.models import WhisperSettings
from alternator.errors import AlternatorError, ConfigError, MediaError, OutputError, WorkerError
from alternator.media.audio import check_file
from alternator.speech.formats import FORMATS
from alternator.speech.transcriber import Transcriber
from alternator.speech.transcript import Transcript
from alternator.transcribe.options import Arguments, parse


def main(argv: list[str]) -> int:
    """Write down the speech in audio and video files (openai-whisper's options)."""
    arguments = parse(argv)
    if not arguments.to_stdout:
        make_directory(arguments.output_dir)
    stems = output_stems(arguments.files)
    settings = whisper_settings(arguments)
    with Transcriber(settings, device=arguments.device, threads=arguments.threads) as transcriber:
        done = [work_on(path, stems[path], transcriber, arguments) for path in arguments.files]
    return 0 if all(done) else 1


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
        write(transcribe(transcriber, path, arguments), stem, arguments)
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
    given = {
        name: value
        for name in ("model", "model_dir", "language", "task")
        if (value := getattr(arguments, name)) is not None
    }
    if given.get("language") == "auto":
        given["language"] = None
    settings = load_whisper(arguments.config)
    return dataclasses.replace(settings, **given, max_duration_minutes=0)


def transcribe(transcriber: Transcriber, path: Path, arguments: Arguments) -> Transcript:
    """One file, with Whisper's own lines on stdout as they come unless that is for results."""
    return transcriber.transcribe(
        path, options=arguments.whisper, on_line=lambda line: print(line, flush=True)
    )


def write(transcript: Transcript, stem: str, arguments: Arguments) -> None:
    """The transcript in each format asked for."""
    for name in arguments.formats:
        text = FORMATS[name](transcript, arguments.layout)
        if arguments.to_stdout:
            print(text, end="" if text.endswith("\n") else "\n", flush=True)
            continue
        target = arguments.output_dir / f"{stem}.{name}"
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"{target} can't be written: {error.strerror}; choose another --output_dir"
            ) from None


def output_stems(files: tuple[Path, ...]) -> Mapping[Path, str]:
    """The name of each file's results without its ending; where two files would get the same
    one, the whole name. ConfigError if that is the same too: one would overwrite the other."""
    distinct = dict.fromkeys(files)
    shared = Counter(path.stem for path in distinct)
    stems = {path: path.stem if shared[path.stem] == 1 else path.name for path in distinct}
    for stem, times in Counter(stems.values()).items():
        if times > 1:
            raise ConfigError(
                f"{times} files are called {stem!r}, and their results would overwrite each "
                f"other; transcribe them one by one into different --output_dir"
            )
    return stems


def make_directory(directory: Path) -> None:
    """Makes sure that results have a place before an hour is spent on them."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--output_dir {directory} can't be made: {error.strerror}; choose another"
        ) from None
