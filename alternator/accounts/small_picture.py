"""A small picture of an attachment, fetched by this program and made anew.

A browser that is shown it asks nobody but this program: the account's server, and whoever keeps its
media, do not learn who looks at it, from where. It was decoded and encoded again within the bounds
that every picture has (``alternator/media/picture.py``).
"""

from collections import OrderedDict
from collections.abc import Collection
from typing import TypeVar

from alternator.mastodon.entities import Status
from alternator.media.download import Downloads
from alternator.media.picture import views_of

LONGEST_SIDE = 320  # pixels
DOWNLOAD_SECONDS = 20.0

Key = TypeVar("Key")
Value = TypeVar("Value")


def small_picture(
    status: Status, attachment_id: str, visibilities: Collection[str], downloads: Downloads
) -> bytes | None:
    """A PNG or a JPEG file; None for what is no picture, or of a post that is not described.

    MediaError where it can't be had.
    """
    attachment = status.by_id.get(attachment_id)
    if attachment is None or attachment.type != "image" or attachment.url is None:
        return None
    if status.audience not in visibilities:
        return None
    with downloads.file(attachment.url, "image") as path:
        return views_of(path, LONGEST_SIDE).pictures[0]


def remember(kept: OrderedDict[Key, Value], key: Key, value: Value, most: int) -> None:
    """Keep something, and drop what was not asked for the longest."""
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
