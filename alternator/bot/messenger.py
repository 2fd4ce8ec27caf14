"""Direct messages, and what is answered to them.

They go from the account to itself: a server notifies nobody of that
(https://github.com/mastodon/mastodon/blob/v4.4.8/app/services/notify_service.rb, from_self?), so
answers are looked for in the message's context; its author sees the message among their direct
messages. With a second account's token they come from that one, and then the author is notified.
Either way ``read:statuses`` and ``write:statuses`` suffice, and ``read:accounts`` for a second
account's favourites.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from alternator.bot.posted_words import in_parts, weight
from alternator.bot.reply import key_of
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
    """Sends direct messages by ``client``, to the account ``to`` (``@name``). For its thread.

    ``author_id`` is whose answers count, ``limit`` the characters of a post, ``is_other`` whether
    the client is that of a second account.
    """

    # size: each comes from another owner: session, server, operator.
    def __init__(
        self, client: MastodonClient, author_id: str, *, to: str, limit: int, is_other: bool
    ) -> None:
        self._client = client
        self._author_id = author_id
        self._to = to
        self._limit = limit
        self.is_other = is_other

    def send(
        self, text: str, key: str, *, to: str | None = None, below: str | None = None
    ) -> tuple[str, ...]:
        """Send a message, in parts where it is too long; returns their ids.

        ``key`` is the same for the same message: sent twice, it arrives once. ``below``: as an
        answer to that post. ServerError if the server does not take it.
        """
        name = f"{to or self._to} "
        sent: list[str] = []
        for number, part in enumerate(in_parts(text, self._limit - weight(name))):
            post = NewPost(
                text=name + part,
                visibility="direct",
                language=LANGUAGE,
                in_reply_to_id=sent[-1] if sent else below,
            )
            sent.append(self._client.post(post, key=key_of(key, str(number), part)).id)
        return tuple(sent)

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


def words_of(status: Status) -> str:
    """What a post says, without whom it mentions."""
    return MENTION.sub("", text_of_html(status.content)).strip()
