"""What became of each attachment by an edit, as the post shows it afterwards."""

from collections.abc import Collection

from alternator.errors import DamageError
from alternator.mastodon.entities import Status
from alternator.store.outcomes import Outcome, left_alone

NOT_KEPT = "the server took the edit without its description; add it by hand"


def outcomes_after(
    after: Status, attachment_ids: Collection[str], *, careful: bool
) -> list[Outcome]:
    """What became of these attachments.

    DamageError on a server that nobody knows (``careful``) and that kept none of the descriptions:
    each edit is told to everybody who boosted the post, so there is no second one in vain.
    """
    if careful and not any(is_there(after, key) for key in attachment_ids):
        raise DamageError(
            f"the edit of post {after.id} left it without its descriptions, on a server of a "
            f"kind that nobody knows",
            fields=("media_attributes",),
        )
    return [
        Outcome(attachment_id=key, state="described")
        if is_there(after, key)
        # Not tried again: everybody who boosted the post is told of every edit.
        else left_alone(key, NOT_KEPT)
        for key in attachment_ids
    ]


def is_there(status: Status, attachment_id: str) -> bool:
    """Whether an attachment is in a status and has a description."""
    attachment = status.by_id.get(attachment_id)
    return attachment is not None and not attachment.lacks_description
