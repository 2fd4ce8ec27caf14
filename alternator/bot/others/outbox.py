"""Posts what is said to others, each thing once, whatever happens on the way.

Before a word is sent, all of it is written down under a key; after each part, its post's id. What
was begun before is not sent anew: the server is asked first whether the part is there, and the same
idempotency key is a second guard, where the server knows such keys
(https://docs.joinmastodon.org/methods/statuses/#headers).
"""

from collections.abc import Sequence
from dataclasses import replace

from alternator.bot.posted_words import in_parts, weight
from alternator.bot.reply import MOST_PARTS, key_of
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import NewPost
from alternator.mastodon.plain import is_shown_by
from alternator.store.asked import Asked


class Outbox:
    """What is sent by ``client``, for its thread, as the account ``own_id``.

    ``limit`` is that of the server, in characters of a post.
    """

    def __init__(self, client: MastodonClient, own_id: str, asked: Asked, *, limit: int) -> None:
        self._client = client
        self._own_id = own_id
        self._asked = asked
        self._limit = limit

    def send(self, key: str, name: str, post: NewPost) -> tuple[str, ...]:
        """Post a text to whom ``name`` (``@user``) mentions; the ids of its parts.

        () for one that is too long for a few posts. It may be called again after an error, with
        any text: what was begun goes on with its own.

        Raises:
            ServerError: the server can't be asked, or does not take it.
        """
        found = self._asked.outgoing(key)
        if found is None:
            parts = self._parts(name, post)
            if not 0 < len(parts) <= MOST_PARTS:
                return ()
            found = self._asked.sending(key, parts)
        posts = list(found.posts)
        if found.is_done:
            return tuple(posts)
        for number in range(len(posts), len(found.parts)):
            part = found.parts[number]
            above = posts[-1] if posts else post.in_reply_to_id
            made = None if found.is_new else self._there(above, part, posts)
            if made is None:
                new = replace(post, text=part, in_reply_to_id=above)
                made = self._client.post(new, key=key_of(key, str(number), part)).id
            posts.append(made)
            self._asked.sent(key, made)
        return tuple(posts)

    def _parts(self, name: str, post: NewPost) -> list[str]:
        """The text in posts. A direct one reaches only whom it names, so each of them does."""
        room = self._limit - weight(post.spoiler_text) - weight(f"{name} ")
        parts = in_parts(post.text, room) if room > 0 else []
        everywhere = post.visibility == "direct"
        return [
            f"{name} {part}" if everywhere or number == 0 else part
            for number, part in enumerate(parts)
        ]

    def _there(self, above: str | None, part: str, known: Sequence[str]) -> str | None:
        """The id of a part that is posted already, though its answer never came."""
        if above is None:
            return None
        for reply in self._client.answers(above):
            ours = reply.account_id == self._own_id and reply.in_reply_to_id == above
            if ours and reply.id not in known and is_shown_by(part, reply.content):
                return reply.id
        return None
