"""Fetches an attachment into a temporary file, bounded in size and time."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import requests

from alternator.config.settings import MediaSettings
from alternator.errors import MediaError, TemporaryMediaError
from alternator.media.media_type import HEAD_BYTES, Kind, canonical, excerpt, media_type
from alternator.progress import SILENT, Progress
from alternator.web.body import TooLargeError, read_limited

CONNECT_TIMEOUT_SECONDS = 10.0
SILENCE_TIMEOUT_SECONDS = 30.0
MIB = 1024 * 1024


@contextmanager
def downloaded(
    url: str,
    kind: Kind,
    settings: MediaSettings,
    directory: Path,
    *,
    progress: Progress = SILENT,
) -> Iterator[Path]:
    """The attachment at an address as a file below ``directory``, deleted after the ``with`` block.

    ``kind`` is what the server holds it for.

    Raises:
        TemporaryMediaError: it can't be had at the moment.
        MediaError: it is too large, no media file, or of a type that is not taken on.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=directory, prefix="attachment-") as file:
        most = limit(kind, settings)
        fetch(url, file, most, settings.download_timeout_seconds, progress)
        path = Path(file.name)
        check_type(path, kind, settings.supported_formats)
        yield path


def limit(kind: Kind, settings: MediaSettings) -> int:
    """The largest file of a kind that is taken on, in bytes."""
    sizes = {
        "image": settings.max_size_mb,
        "audio": settings.max_audio_size_mb,
        "video": settings.max_video_size_mb,
    }
    return sizes[kind] * MIB


def fetch(
    url: str, file: IO[bytes], most: int, timeout: float, progress: Progress = SILENT
) -> None:
    """Write what is at ``url`` to ``file``: at most ``most`` bytes, in ``timeout`` seconds."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise MediaError(f"its address {url!r} is neither http nor https")
    size = 0
    try:
        with requests.get(
            url, stream=True, timeout=(CONNECT_TIMEOUT_SECONDS, SILENCE_TIMEOUT_SECONDS)
        ) as response:
            if response.status_code != 200:
                raise TemporaryMediaError(f"{url} answers HTTP {response.status_code}")
            for chunk in read_limited(response, most=most, seconds=timeout):
                size += file.write(chunk)
                progress.beat()
    except TooLargeError:
        raise MediaError(
            f"it is larger than {most // MIB} MB; [media] max_size_mb, max_audio_size_mb and "
            f"max_video_size_mb set the limits"
        ) from None
    except requests.Timeout:
        raise TemporaryMediaError(f"{url} did not arrive within {timeout:g} s") from None
    except requests.RequestException:
        raise TemporaryMediaError(f"{url} can't be fetched: the connection failed") from None
    if size == 0:
        raise TemporaryMediaError(f"{url} is empty")
    file.flush()


def check_type(path: Path, kind: Kind, supported: tuple[str, ...]) -> None:
    """MediaError unless the file's content is of a type that is taken on."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    found = media_type(head, kind)
    if found is None:
        raise MediaError(f"it is no picture, audio or video file (it starts with {excerpt(head)})")
    if found not in {canonical(name) for name in supported}:
        raise MediaError(f"{found} is not among [media] supported_formats")


def remove_leftovers(directory: Path) -> None:
    """Delete downloads that a crash left behind."""
    for path in directory.glob("attachment-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
