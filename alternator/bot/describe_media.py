"""Describes attachments one by one, on servers where that takes no edit of the post.

``PUT /api/v1/media/:id`` is refused by Mastodon once a post has the medium; Pixelfed, Friendica,
Takahē, Misskey's relatives and old releases of GoToSocial take it, and it touches nothing but the
description (``alternator/mastodon/dialects.toml`` has what was read). So nothing has to be sent
again that could get lost.
"""

from collections.abc import Mapping

from alternator.bot.journal import Journal
from alternator.bot.other_bot import OtherBot
from alternator.bot.settled import settled
from alternator.errors import EditRefusedError, GoneError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Attachment
from alternator.store.outcomes import Outcome, left_alone, to_retry

NOT_KEPT = "the server took the description and does not show it; add it by hand"


class MediaDescriber:
    """Describes attachments of one account's posts; ``limit`` is the server's, in characters."""

    def __init__(
        self, client: MastodonClient, other_bot: OtherBot, limit: int, journal: Journal
    ) -> None:
        self._client = client
        self._journal = journal
        self._other_bot = other_bot
        self._limit = limit

    def describe(self, status_id: str, texts: Mapping[str, str]) -> list[Outcome]:
        """Describe those of a status's attachments that still lack it; ``texts`` are by their id.

        It may be called again with the same texts after an error.

        Raises:
            GoneError: the status was deleted.
            ServerError: the server can't be asked, or the token does not suffice.
        """
        self._other_bot.give_way()
        before = self._client.status(status_id)
        there = before.by_id
        outcomes = {key: self._settled(there.get(key), key, text) for key, text in texts.items()}
        asked = {key: texts[key] for key, outcome in outcomes.items() if outcome is None}
        if not asked:
            return [outcome for outcome in outcomes.values() if outcome is not None]
        with self._journal.sending(before, asked):
            for key, text in asked.items():
                outcomes[key] = self._sent(status_id, key, text)
            after = self._client.status(status_id)
        final = {
            key: outcome or kept(after.by_id.get(key), key) for key, outcome in outcomes.items()
        }
        self._journal.written(after, [key for key in asked if final[key].state == "described"])
        lost = [key for key in asked if final[key].state == "left"]
        self._journal.refused(status_id, lost, NOT_KEPT)
        return list(final.values())

    def _settled(self, attachment: Attachment | None, key: str, text: str) -> Outcome | None:
        """What became of an attachment before its text is sent; None if it is to be sent."""
        outcome = settled(attachment, key, text, self._other_bot)
        if outcome is None and len(text) > self._limit:
            reason = f"its description is longer than the {self._limit} characters of this server"
            return left_alone(key, reason)
        return outcome

    def _sent(self, status_id: str, key: str, text: str) -> Outcome | None:
        """Send one description. What is refused does not stop the next; None if it was taken."""
        self._other_bot.wrote(key, text)
        try:
            self._client.describe_medium(key, text)
        except GoneError as error:
            return left_alone(key, str(error), sure=False)
        except EditRefusedError as error:
            self._journal.refused(status_id, [key], str(error))
            return to_retry(key, str(error))
        return None


def kept(attachment: Attachment | None, key: str) -> Outcome:
    """Whether the server shows the description now. Some clean it, so it need not be equal."""
    if attachment is None or attachment.lacks_description:
        return left_alone(key, NOT_KEPT)
    return Outcome(attachment_id=key, state="described")
