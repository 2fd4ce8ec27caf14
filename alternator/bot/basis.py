"""What a text was made for, in one word: whether its post still says the same, or was edited."""

import hashlib
import json

from alternator.mastodon.edit_differences import shown_text
from alternator.mastodon.entities import Status


def basis_of(status: Status) -> str:
    """The same for a post as long as its author changes nothing but descriptions of it.

    A description that somebody adds meanwhile is no other post; what is described is looked at
    right before an edit anyway.
    """
    said = [
        shown_text(status.content),
        shown_text(status.spoiler_text),
        status.sensitive,
        (status.language or "").lower(),
        [attachment.id for attachment in status.attachments],
        [] if status.poll is None else [option.title for option in status.poll.options],
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
