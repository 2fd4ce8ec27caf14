"""The file of an item while it is worked on: an address is fetched, standard input is kept."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, assert_never

import requests

from alternator.errors import MediaError
from alternator.media.download import MOST_REDIRECTS, shown
from alternator.media.local_file import GIB, MOST_BYTES, check_file, spooled
from alternator.progress import Progress
from alternator.transcribe.inputs import Item
from alternator.web.session import USER_AGENT, Limits, TooLargeError, WebSession
from probe.errors import reason_of

FETCH_SECONDS = 6 * 3600.0


@contextmanager
def opened(item: Item, progress: Progress) -> Iterator[Path]:
    """The item's file. MediaError says what is wrong with it."""
    match item.kind:
        case "file":
            check_file(item.path)
            yield item.path
        case "stdin":
            with spooled(sys.stdin.buffer, progress=progress) as path:
                yield path
        case "address":
            with _temporary() as file:
                fetch(item.name, file, progress)
                yield Path(file.name)
        case _:
            assert_never(item.kind)


def fetch(url: str, file: IO[bytes], progress: Progress) -> None:
    """Write what is at an address to ``file``. MediaError if it can't be had."""
    limits = Limits(seconds=FETCH_SECONDS, most=MOST_BYTES, redirects=MOST_REDIRECTS)
    session = WebSession(headers={"User-Agent": USER_AGENT})
    try:
        with session.opened("GET", url, limits=limits) as answer:
            if answer.status != 200:
                raise MediaError(f"{shown(url)}: answers HTTP {answer.status}; check the address")
            for piece in answer.pieces():
                _write(file, piece)
                progress.beat()
    except TooLargeError:
        raise MediaError(f"{shown(url)}: is larger than {MOST_BYTES // GIB} GiB") from None
    except (requests.RequestException, ValueError) as error:
        reason = str(error).strip().splitlines()[:1] if isinstance(error, ValueError) else []
        why = f" ({reason[0]})" if reason else ""
        raise MediaError(
            f"{shown(url)}: can't be fetched{why}; check the address and the connection"
        ) from None
    file.flush()


def _write(file: IO[bytes], piece: bytes) -> None:
    try:
        file.write(piece)
    except OSError as error:  # no space left
        raise MediaError(
            f"{file.name}: can't be kept: {reason_of(error)}; set TMPDIR to a larger place"
        ) from None


@contextmanager
def _temporary() -> Iterator[IO[bytes]]:
    try:
        file = tempfile.NamedTemporaryFile(prefix="transcribe-")  # noqa: SIM115 - closed below
    except OSError as error:
        raise MediaError(
            f"no temporary file can be made: {reason_of(error)}; set TMPDIR to another place"
        ) from None
    with file:
        yield file
