"""Fetches an attachment into a temporary file, bounded in size, in time and in where it leads."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn
from urllib.parse import urlsplit

import requests

from alternator.config.settings import MediaSettings
from alternator.errors import DamagedMediaError, MediaError, TemporaryMediaError, UnsureError
from alternator.media.media_type import HEAD_BYTES, Kind, canonical, excerpt, media_type
from alternator.progress import SILENT, Progress
from alternator.web.reach import Reach
from alternator.web.session import (
    USER_AGENT,
    ForbiddenAddressError,
    Limits,
    TooLargeError,
    WebSession,
)

# From the server to its media cache, to the storage behind it, and there to a place; some are
# left for a change of http to https. Browsers follow 20.
MOST_REDIRECTS = 5
MIB = 1024 * 1024
# Of a file that is no media, looked at for what it is instead.
PAGE_BYTES = 1024


class Downloads:
    """Downloads of one account's attachments; of one thread, whose connections are kept.

    Nothing of the account goes with them: no token, no cookie. They reach what is public, and the
    network that the server at ``own_url`` is in (``alternator/web/reach.py``).
    """

    def __init__(
        self,
        settings: MediaSettings,
        directory: Path,
        own_url: str,
        *,
        progress: Progress = SILENT,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._progress = progress
        self._session = WebSession(reach=Reach.outside(own_url), headers={"User-Agent": USER_AGENT})

    @contextmanager
    def file(self, url: str, kind: Kind) -> Iterator[Path]:
        """The attachment at an address, as a file that is deleted after the ``with`` block.

        ``kind`` is what the server holds it for.

        Raises:
            TemporaryMediaError: it can't be had at the moment.
            UnsureError: what came this time is too large, from where it must not come, or no media;
                or the address is none of the web.
            MediaError: it is of a type that is not taken on.
        """
        with self._empty_file() as file:
            self._fetch(url, file, limit(kind, self._settings))
            path = Path(file.name)
            check_type(path, kind, self._settings.supported_formats)
            yield path

    def _empty_file(self) -> "tempfile._TemporaryFileWrapper[bytes]":
        """A file of its own. TemporaryMediaError where there is no room for one."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            # What a buffer holds back would come to grief at the end, and once more at the close.
            return tempfile.NamedTemporaryFile(
                dir=self._directory, prefix="attachment-", buffering=0
            )
        except OSError as error:
            raise _no_room(error) from None

    def _fetch(self, url: str, file: IO[bytes], most: int) -> None:
        """Write what is at ``url`` to ``file``: at most ``most`` bytes."""
        check_address(url)
        seconds = self._settings.download_timeout_seconds
        limits = Limits(seconds=seconds, most=most, redirects=MOST_REDIRECTS)
        size = 0
        try:
            with self._session.opened("GET", url, limits=limits) as answer:
                if 300 <= answer.status < 400:
                    raise TemporaryMediaError(f"{shown(url)} leads elsewhere without an end")
                if answer.status != 200:
                    raise TemporaryMediaError(f"{shown(url)} answers HTTP {answer.status}")
                for piece in answer.pieces():
                    size += _write(file, piece)
                    self._progress.beat()
        except (TooLargeError, requests.RequestException) as error:
            _failed(error, url, limits)
        if size == 0:
            raise TemporaryMediaError(f"{shown(url)} is empty")


def _write(file: IO[bytes], piece: bytes) -> int:
    written = 0
    try:
        while written < len(piece):  # the last bytes that there is room for are written alone
            written += file.write(piece[written:])
    except OSError as error:  # no space left
        raise _no_room(error) from None
    return written


def _no_room(error: OSError) -> TemporaryMediaError:
    return TemporaryMediaError(
        f"it can't be kept on this machine ({error.strerror}); see to the disk of [state] directory"
    )


def _failed(error: Exception, url: str, limits: Limits) -> NoReturn:
    """What a failed download means for the attachment."""
    if isinstance(error, TooLargeError):
        raise UnsureError(
            f"it is larger than {limits.most // MIB} MB; [media] max_size_mb, max_audio_size_mb "
            f"and max_video_size_mb set the limits"
        ) from None
    if isinstance(error, ForbiddenAddressError):
        raise UnsureError(
            f"{shown(url)} leads into a private network, and the server is not in it"
        ) from None
    if isinstance(error, requests.Timeout):
        raise TemporaryMediaError(
            f"{shown(url)} did not arrive within {limits.seconds:g} s"
        ) from None
    raise TemporaryMediaError(f"{shown(url)} can't be fetched: the connection failed") from None


def check_address(url: str) -> None:
    """UnsureError for an address that is none of the web."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError:  # brackets that hold no address
        raise UnsureError("its address can't be read") from None
    if scheme not in ("http", "https"):
        raise UnsureError(f"its address begins with {scheme[:20]!r}, not with http or https")


def shown(url: str) -> str:
    """An address as it is logged: what follows its path may be a key to it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def limit(kind: Kind, settings: MediaSettings) -> int:
    """The largest file of a kind that is taken on, in bytes."""
    sizes = {
        "image": settings.max_size_mb,
        "audio": settings.max_audio_size_mb,
        "video": settings.max_video_size_mb,
    }
    return sizes[kind] * MIB


def check_type(path: Path, kind: Kind, supported: tuple[str, ...]) -> None:
    """MediaError unless the file's content is of a type that is taken on.

    TemporaryMediaError for a page or JSON: it comes from something in front of the storage, which
    is in trouble. UnsureError for anything else that is no media.
    """
    with path.open("rb") as file:
        start = file.read(PAGE_BYTES)
    found = media_type(start[:HEAD_BYTES], kind)
    if found is None:
        text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        if b"<svg" in text:
            raise UnsureError("it is an SVG drawing, which is not taken on")
        if text[:1] in (b"<", b"{", b"[") or not text:
            raise TemporaryMediaError(
                f"instead of the file came a page or a message (it starts with {excerpt(start)})"
            )
        raise DamagedMediaError(
            f"it is no picture, audio or video file (it starts with {excerpt(start)})"
        )
    if found not in {canonical(name) for name in supported}:
        raise MediaError(f"{found} is not among [media] supported_formats")


def remove_leftovers(directory: Path) -> None:
    """Delete downloads, and frames of videos, that a crash left behind."""
    for path in directory.glob("attachment-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
