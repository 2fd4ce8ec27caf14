"""``alternator models``: what models there are, and getting, checking, making, removing them."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from alternator.config.load import load_whisper
from alternator.config.models import WhisperSettings
from alternator.errors import ModelError
from alternator.models import catalog, listing
from alternator.models.convert import convert, take_in
from alternator.models.patience import patiently
from alternator.models.rate import MB, Bar
from alternator.models.speaker_weights import obtain_speaker_weights
from alternator.models.store import Place, first_here, kept_models, locate, obtain, remove
from alternator.models.verify import verified
from alternator.progress import Progress
from probe.command_help import with_examples
from probe.exit_codes import ExitCode

Run = Callable[[argparse.Namespace, WhisperSettings], int]


def main(argv: list[str]) -> int:
    """List, download, verify, convert, import and remove Whisper's models."""
    options = build_parser().parse_args(argv)
    settings = load_whisper(getattr(options, "config", None))
    if hasattr(options, "model_dir"):
        settings = replace(settings, model_dir=options.model_dir)
    run: Run = options.run
    with ended_by_signal():
        return run(options, settings)


EXAMPLES = (
    ("alternator models list", "all of them, and which are here"),
    ("alternator models pull turbo", "fetch one, checked by its hash"),
    ("alternator models import /media/usb/base.pt", "one that was carried here"),
)


def build_parser() -> argparse.ArgumentParser:
    """The parser, with one for each thing to do."""
    # Before and after the command; what is not given must not undo what was given before it.
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--config", type=Path, metavar="FILE", help="configuration file")
    where = "instead of [whisper] model_dir"
    common.add_argument("--model-dir", "--model_dir", type=Path, metavar="DIR", help=where)
    parser = argparse.ArgumentParser(
        prog="alternator models", description=main.__doc__, parents=[common]
    )
    with_examples(parser, main.__doc__, EXAMPLES)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Run) -> argparse.ArgumentParser:
        summary = (run.__doc__ or "").partition("\n")[0]
        made = commands.add_parser(name, help=summary, description=run.__doc__, parents=[common])
        made.set_defaults(run=run)
        return made

    command("list", list_them).add_argument("--json", action="store_true", help="for programs")
    pull = command("pull", pull_them)
    pull.add_argument("names", nargs="*", metavar="NAME", help="default: the configured one")
    pull.add_argument("--mirror", metavar="URL", help="instead of [whisper] model_mirror")
    pull.add_argument(
        "--any", action="store_true", help="the first of them that is here; else the first one"
    )
    pull.add_argument(
        "--patience", type=seconds, metavar="S", help="give up where nothing comes for so long"
    )
    pull.add_argument("--within", type=seconds, metavar="S", help="give up after so long")
    command("verify", verify_them).add_argument(
        "names", nargs="*", metavar="NAME", help="default: all that are here"
    )
    command("remove", remove_them).add_argument("names", nargs="+", metavar="NAME")
    make = command("convert", convert_one)
    make.add_argument("source", type=Path, metavar="SOURCE", help="a file or a directory")
    make.add_argument("name", metavar="NAME", help="what [whisper] model will call it")
    make.add_argument("--replace", action="store_true", help="even if there is one of that name")
    speakers = command("speakers", get_speakers)
    speakers.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="the package's wheel, carried here"
    )
    command("import", import_them).add_argument("files", nargs="+", type=Path, metavar="FILE")
    return parser


def list_them(options: argparse.Namespace, settings: WhisperSettings) -> int:
    """All models: size, languages, memory, and which are here."""
    rows = listing.rows(settings.model_dir, settings.model)
    print(listing.as_json(rows) if options.json else listing.as_table(rows, settings.model_dir))
    return 0


def pull_them(options: argparse.Namespace, settings: WhisperSettings) -> int:
    """Download models, as far as they are not here; a download goes on where it ended."""
    names = options.names or [settings.model]
    mirror = options.mirror or settings.model_mirror
    for name in names:
        locate(name, settings.model_dir)  # a mistyped one should not be told after an hour
    if options.any:
        names = [first_here(names, settings.model_dir) or names[0]]
    for name in names:
        with bar(name) as progress:
            place = patiently(
                lambda inner, name=name: obtain(  # type: ignore[misc]  # a lambda's default
                    name, settings.model_dir, mirror=mirror, progress=inner
                ),
                progress,
                patience=options.patience,
                within=options.within,
            )
        say(place, name)
    return 0


def verify_them(options: argparse.Namespace, settings: WhisperSettings) -> int:
    """Check models: OpenAI's by their hash, your own by reading them."""
    here = [one.name for one in kept_models(settings.model_dir) if one.state in HERE]
    names = options.names or here
    failed = False
    for name in names:
        try:
            with bar(name) as progress:
                words = verified(locate(name, settings.model_dir), progress)
            print(f"{name}: {words}", flush=True)
        except ModelError as error:
            failed = True
            print(f"alternator models: {name}: {error}", file=sys.stderr)
    if not names:
        print(f"there are no models in {settings.model_dir}")
    return ExitCode.MODEL if failed else 0


def remove_them(options: argparse.Namespace, settings: WhisperSettings) -> int:
    """Remove models from the directory of models, and what has arrived of them."""
    for name in options.names:
        print(f"{name}: removed, {remove(name, settings.model_dir) / MB:.0f} MB freed")
    return 0


def convert_one(options: argparse.Namespace, settings: WhisperSettings) -> int:
    """Make a model of your own usable by a name, from a checkpoint or another form's directory.

    Forms: openai-whisper, Hugging Face, CTranslate2 (faster-whisper).
    """
    with bar(options.name) as progress:
        path = convert(
            options.source,
            options.name,
            settings.model_dir,
            replace=options.replace,
            progress=progress,
        )
    say(Place(path=path), options.name)
    print(f'Use it with model = "{options.name}" in [whisper].')
    return 0


def import_them(options: argparse.Namespace, settings: WhisperSettings) -> int:
    """Take in OpenAI's files that were carried here by hand; their hash tells which they are."""
    for file in options.files:
        with bar(file.name) as progress:
            path = take_in(file, settings.model_dir, progress)
        say(Place(path=path), path.stem)
    return 0


def get_speakers(options: argparse.Namespace, settings: WhisperSettings) -> int:
    """Get the weights that tell voices apart (Resemblyzer, 17 MB), by pip or out of a file."""
    print(f"speakers: {obtain_speaker_weights(settings.model_dir, options.file)}", flush=True)
    return 0


HERE = ("whole", "unverified", "own")


def say(place: Place, name: str) -> None:
    """Where a model is."""
    found = catalog.find(name)
    print(f"{found.name if found else name}: {place.path}", flush=True)


def seconds(text: str) -> float:
    """A time of the command line."""
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is no time in seconds")
    return number


@contextmanager
def bar(what: str) -> Iterator[Progress]:
    """A bar for one piece of work."""
    made = Bar(what)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """SIGTERM ends the work as Ctrl-C does, so that what is half made is removed."""

    def end(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
