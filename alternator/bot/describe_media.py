"""Describes attachments one by one, on servers where that takes no edit of the post.

``PUT /api/v1/media/:id`` is refused by Mastodon once a post has the medium; Pixelfed, Friendica,
Takahē, Misskey's relatives and old releases of GoToSocial take it, and it touches nothing but the
description (``alternator/mastodon/dialects.toml`` has what was read). So nothing has to be sent
again that could get lost.
"""

from collections.abc import Mapping

from alternator.errors import EditRefusedError, GoneError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Attachment
from alternator.store.outcomes import Outcome, left_alone

NOT_KEPT = "the server took the description and does not show it; add it by hand"


def describe_media(
    client: MastodonClient, status_id: str, texts: Mapping[str, str], limit: int
) -> list[Outcome]:
    """Describe those of a status's attachments that still lack it; ``texts`` are by their id.

    ``limit`` is the server's, in characters. It may be called again with the same texts after an
    error.

    Raises:
        GoneError: the status was deleted.
        ServerError: the server can't be asked, or the token does not suffice.
    """
    attachments = client.status(status_id).by_id
    outcomes = {key: settled(attachments.get(key), key, text, limit) for key, text in texts.items()}
    asked = [key for key, outcome in outcomes.items() if outcome is None]
    for key in asked:
        try:
            client.describe_medium(key, texts[key])
        except (EditRefusedError, GoneError) as error:
            outcomes[key] = left_alone(key, str(error))
    if asked:
        attachments = client.status(status_id).by_id
    return [outcome or kept(attachments.get(key), key) for key, outcome in outcomes.items()]


def settled(attachment: Attachment | None, key: str, text: str, limit: int) -> Outcome | None:
    """What became of an attachment before its description is sent; None if it is to be sent."""
    if attachment is None:
        return left_alone(key, "it was removed from the post meanwhile")
    if attachment.description == text:
        # One of ours whose answer was lost.
        return Outcome(attachment_id=key, state="described")
    if not attachment.lacks_description:
        return left_alone(key, "it was described by somebody meanwhile")
    if len(text) > limit:
        return left_alone(
            key, f"its description is longer than the {limit} characters of this server"
        )
    return None


def kept(attachment: Attachment | None, key: str) -> Outcome:
    """Whether the server shows the description now. Some clean it, so it need not be equal."""
    if attachment is None or attachment.lacks_description:
        return left_alone(key, NOT_KEPT)
    return Outcome(attachment_id=key, state="described")
