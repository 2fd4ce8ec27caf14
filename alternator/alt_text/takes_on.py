"""Which attachments can be described at all."""

from typing import assert_never

from alternator.mastodon.entities import Attachment


def takes_on(attachment: Attachment, *, sees: bool, hears: bool) -> bool:
    """Whether attachments of this type are described, where pictures are looked at (``sees``) and
    sound is listened to (``hears``). Of a video either will do."""
    match attachment.type:
        case "image" | "gifv":
            return sees
        case "audio":
            return hears
        case "video":
            return sees or hears
        case "unknown":
            return False
        case _:
            assert_never(attachment.type)
