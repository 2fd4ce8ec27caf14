"""Files that somebody named, held to the bounds of media that a server tells of."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alternator.config.settings import MediaSettings
from alternator.errors import DamagedMediaError, MediaError
from alternator.mastodon.entities import AttachmentType
from alternator.media.download import MIB, check_type, limit
from alternator.media.local_file import check_file
from alternator.media.media_type import HEAD_BYTES, Kind, excerpt, media_type

# What a file's content is held for.
TYPES: dict[str, AttachmentType] = {"image": "image", "audio": "audio", "video": "video"}


class LocalMedia:
    """Gives a writer the files that are here already, in the place of what it would fetch."""

    def __init__(self, settings: MediaSettings) -> None:
        self._settings = settings

    @contextmanager
    def file(self, url: str, kind: Kind) -> Iterator[Path]:
        """The file at a path. MediaError if it is not taken on, in the words of a download."""
        path = Path(url)
        check_file(path)
        most = limit(kind, self._settings)
        if path.stat().st_size > most:
            raise MediaError(
                f"{path}: is larger than {most // MIB} MB; [media] max_size_mb, max_audio_size_mb "
                f"and max_video_size_mb set the limits"
            )
        check_type(path, kind, self._settings.supported_formats)
        yield path


def type_of(path: Path) -> AttachmentType:
    """What a file is described as, by its content. MediaError for what is no medium."""
    check_file(path)
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    found = media_type(head, "video")
    kind = TYPES.get((found or "").partition("/")[0])
    if kind is None:
        raise DamagedMediaError(
            f"{path}: is no picture, audio or video file (it starts with {excerpt(head)})"
        )
    return kind
