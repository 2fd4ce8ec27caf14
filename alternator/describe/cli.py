"""``alternator describe``: the description that the bot would write, without any account."""

import argparse
import json
import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, get_args

from alternator.alt_text.vision import VisionClient
from alternator.alt_text.writer import KINDS, AltTextWriter
from alternator.config.descriptions import DescriptionSettings
from alternator.config.load import build_section
from alternator.config.models import VisionSettings, WhisperSettings
from alternator.config.reading import read_source
from alternator.config.secrets import secrets_of
from alternator.config.settings import Config, MastodonSettings, MediaSettings
from alternator.describe.local_media import LocalMedia, type_of
from alternator.errors import AlternatorError, ConfigError, MediaError
from alternator.log import set_up
from alternator.mastodon.entities import Attachment, AttachmentType
from alternator.media.download import Downloads
from alternator.speech.opening import Speech, open_speech
from alternator.temporary import own_folder
from alternator.terminal import TerminalProgress, say
from alternator.web import trusted
from probe.command_help import command_parser
from probe.exit_codes import ExitCode

USUAL_LIMIT = 1500  # https://docs.joinmastodon.org/user/posting/#media (servers before 4.4)
ADDRESSES = ("http://", "https://")
# Where no server is configured: what is fetched may be nowhere but in the public internet.
NO_SERVER = MastodonSettings(instance_url="", access_token="")
EXAMPLES = (
    ("alternator describe holiday.jpg", "what the bot would write below this picture"),
    ("alternator describe --language de talk.ogg", "of a German post"),
    ("alternator describe --kind gifv loop.mp4", "a video without sound, by its frames"),
    ("alternator describe --json *.png https://media.example/1.jpg", "several, for a program"),
)


class Line(TypedDict):
    """One file as JSON: a description, or the error that kept it from being described."""

    file: str
    kind: AttachmentType | None
    description: str | None
    error: str | None


def parser() -> argparse.ArgumentParser:
    """The options of ``alternator describe``."""
    made = command_parser("alternator describe", main.__doc__, EXAMPLES)
    made.add_argument("files", nargs="+", metavar="FILE|URL", help="pictures, sound, video")
    made.add_argument("-c", "--config", type=Path, metavar="FILE", help="default: alternator.toml")
    made.add_argument("--language", metavar="CODE", help="of the description, such as de")
    made.add_argument(
        "--kind",
        choices=[kind for kind in get_args(AttachmentType) if kind != "unknown"],
        help="what the server would take it for (default: by its content)",
    )
    made.add_argument(
        "--limit",
        type=int,
        default=USUAL_LIMIT,
        metavar="N",
        help=f"most characters (default: {USUAL_LIMIT}, as most servers)",
    )
    made.add_argument("--json", action="store_true", help="one JSON list, for programs")
    return made


def main(argv: list[str]) -> int:
    """Print the description that the bot would write of files or addresses, without any account.

    It ends with 1 where one of them could not be described; the others are all the same.
    """
    arguments = parser().parse_args(argv)
    if arguments.limit < 1:
        raise ConfigError("--limit is a number of characters, 1 at least")
    config = settings_of(arguments.config)
    set_up("warn", secrets_of(config))
    trusted.check(os.environ)
    with ExitStack() as stack:
        describing = Describing(config, arguments.limit, stack)
        lines = []
        for name in arguments.files:
            line = describing.line_of(name, arguments.kind, arguments.language)
            lines.append(line)
            if not arguments.json:
                tell(line, alone=len(arguments.files) == 1)
    if arguments.json:
        print(json.dumps(lines, indent=1))
    return ExitCode.FAILED if any(line["error"] is not None for line in lines) else 0


def settings_of(path: Path | None) -> Config:
    """The configuration, of which only the sections about media, models and texts must be whole."""
    source = read_source(path, os.environ)
    try:
        server = build_section(MastodonSettings, source)
    except ConfigError:
        # No account is needed. What is wrong in the file elsewhere is told below.
        server = NO_SERVER
    descriptions = build_section(DescriptionSettings, source)
    return Config(
        mastodon=server,
        vision=build_section(VisionSettings, source),
        media=build_section(MediaSettings, source),
        # Nothing is kept of a trial.
        descriptions=replace(descriptions, transcripts_directory=None),
        whisper=build_section(WhisperSettings, source),
    )


class Describing:
    """Describes one file after the other; the speech worker is started by the first that needs it.

    ``stack`` ends what it starts.
    """

    def __init__(self, config: Config, limit: int, stack: ExitStack) -> None:
        self._config = config
        self._progress = TerminalProgress(sys.stderr)
        folder = stack.enter_context(own_folder("alternator-describe"))
        self._speech: Speech | None = None
        if config.whisper.enabled:
            self._speech = open_speech(config.whisper)
            stack.callback(self._speech.close)
        vision = None
        if config.vision.enabled:
            vision = VisionClient(config.vision, progress=self._progress)
        self._downloads = Downloads(
            config.media, folder, config.mastodon.instance_url, progress=self._progress
        )
        self._writer = AltTextWriter(
            config,
            speech=self._speech,
            vision=vision,
            limit=limit,
            directory=folder,
            progress=self._progress,
        ).reading(LocalMedia(config.media))

    def line_of(self, name: str, kind: AttachmentType | None, language: str | None) -> Line:
        """One file or address, described, or with the error that kept it from that."""
        found = kind
        with ExitStack() as stack:
            try:
                path = Path(name)
                if name.lower().startswith(ADDRESSES):
                    held_for = KINDS[kind or "video"] or "video"
                    path = stack.enter_context(self._downloads.file(name, held_for))
                found = kind or type_of(path)
                attachment = Attachment(id=name, type=found, url=str(path))
                if not self._writer.takes_on(attachment):
                    raise MediaError(nothing_for(found))
                text = self._writer.write(attachment, language)
            except AlternatorError as error:
                return Line(file=name, kind=found, description=None, error=str(error))
            finally:
                self._progress.end()
        return Line(file=name, kind=found, description=text, error=None)


def nothing_for(kind: AttachmentType) -> str:
    """Why nothing of a kind is described, and what to do."""
    if kind in ("image", "gifv"):
        return (
            "pictures are not described: set [vision] api_key, or base_url for an endpoint of "
            "your own"
        )
    return "sound is not described: [whisper] enabled is false"


def tell(line: Line, *, alone: bool) -> None:
    """One result for people: the text on standard output, an error on standard error."""
    if line["error"] is not None:
        prefix = "" if line["error"].startswith(line["file"]) else f"{line['file']}: "
        say(f"alternator describe: {prefix}{line['error']}", file=sys.stderr)
    else:
        heading = "" if alone else f"{line['file']}:\n"
        say(f"{heading}{line['description']}" + ("" if alone else "\n"))
