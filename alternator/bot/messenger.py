"""Direct messages, and what is answered to them.

They go from the account to itself: a server notifies nobody of that
(https://github.com/mastodon/mastodon/blob/v4.4.8/app/services/notify_service.rb, from_self?), so
answers are looked for in the message's context; its author sees the message among their direct
messages. With a second account's token they come from that one, and then the author is notified.
Either way ``read:statuses`` and ``write:statuses`` suffice, and ``read:accounts`` for a second
account's favourites.
"""

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from alternator.bot.outbox import Outbox
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import NewPost, Status
from alternator.mastodon.plain import MENTION, text_of_html

LANGUAGE = "en"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer to a message: the id of its post, and its words without names."""

    id: str
    words: str


class Messenger:
    """Sends direct messages by ``outbox``, to the account ``to`` (``@name``). For its thread.

    ``client`` is the session of that; ``author_id`` is whose answers count, ``is_other`` whether
    the client is that of a second account.
    """

    # size: each comes from another owner: session, server, operator.
    def __init__(
        self, client: MastodonClient, author_id: str, outbox: Outbox, *, to: str, is_other: bool
    ) -> None:
        self._client = client
        self._author_id = author_id
        self._outbox = outbox
        self._to = to
        self.is_other = is_other

    def send(
        self, text: str, key: str, *, to: str | None = None, below: str | None = None
    ) -> tuple[str, ...]:
        """Send a message, in parts where it is too long; returns their ids.

        ``key`` is the same for the same message: sent twice, it arrives once, and what was begun
        goes on with its own words. ``below``: as an answer to that post. ServerError if the server
        does not take it, TakenBackError if who was to read it has deleted it.
        """
        post = NewPost(text=text, visibility="direct", language=LANGUAGE, in_reply_to_id=below)
        return self._outbox.send(message_key(key), to or self._to, post, most=sys.maxsize)

    def is_sent(self, key: str) -> bool:
        """Whether all of a message was sent."""
        return self._outbox.is_sent(message_key(key))

    def answers(self, messages: Sequence[str]) -> tuple[Answer, ...]:
        """The author's answers to a message in these parts, oldest first, without these.

        GoneError if the message was deleted.
        """
        found = [
            status
            for status in self._client.answers(messages[0])
            if self._is_answer(status, messages)
        ]
        return tuple(Answer(id=status.id, words=words_of(status)) for status in found)

    def is_favourite(self, messages: Sequence[str]) -> bool:
        """Whether the author favourited a part of a message. GoneError if it was deleted."""
        if self.is_other:
            return any(self._author_id in self._client.favourited_by(key) for key in messages)
        return any(self._client.status(key).favourited for key in messages)

    def _is_answer(self, status: Status, ours: Collection[str]) -> bool:
        return (
            status.account_id == self._author_id
            and status.id not in ours
            and status.in_reply_to_id in ours
        )


def message_key(key: str) -> str:
    """The key under which a message is posted, beside all else."""
    return f"message:{key}"


def words_of(status: Status) -> str:
    """What a post says, without whom it mentions."""
    return MENTION.sub("", text_of_html(status.content)).strip()
