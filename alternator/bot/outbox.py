"""Posts a text in as many posts as it needs, each part once, whatever happens on the way.

Before a word is sent, all of it is written down under a key; after each part, its post's id
(``alternator/store/outgoing.py``). What was begun before is not sent anew: the server is asked
first which parts stand, and the same idempotency key is a second guard, where the server knows such
keys (https://docs.joinmastodon.org/methods/statuses/#headers).

A part that its author deletes stays deleted, and the next one goes below the last that stands. Who
deletes all of what was posted has taken it back: then nothing more of it is posted.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace

from alternator.bot.posted_words import in_parts, weight
from alternator.errors import GoneError, TakenBackError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import NewPost, Status
from alternator.mastodon.plain import is_whole
from alternator.store.outgoing import Outgoing, Outgoings

MOST_PARTS = 5
# By how much a server's clock and that of the store may differ.
CLOCKS_APART_SECONDS = 600.0


class Outbox:
    """What is sent by ``client``, for its thread, as the account ``own_id``.

    ``limit`` is that of the server, in characters of a post.
    """

    def __init__(
        self, client: MastodonClient, own_id: str, outgoing: Outgoings, *, limit: int
    ) -> None:
        self._client = client
        self._own_id = own_id
        self._outgoing = outgoing
        self._limit = limit

    # size: what is said, to whom, how, and in how many posts.
    def send(
        self,
        key: str,
        name: str,
        post: NewPost,
        *,
        most: int = MOST_PARTS,
        beside: Collection[str] | None = None,
    ) -> tuple[str, ...]:
        """Post a text to whom ``name`` (``@user``) mentions; the ids of its parts.

        () for one that is too long for ``most`` posts. It may be called again after an error, with
        any text: what was begun goes on with its own. ``beside`` are posts that are none of it;
        where they are known, the server is asked for its parts also if nothing is remembered, since
        the memory may be lost.

        Raises:
            TakenBackError: its author has deleted what was posted of it.
            ServerError: the server can't be asked, or does not take it.
        """
        found = self._outgoing.of(key)
        if found is None:
            parts = self._parts(name, post)
            if not 0 < len(parts) <= most:
                return ()
            found = self._outgoing.sending(key, parts)
        return self._rest(key, post, found, beside)

    def go_on(
        self, key: str, post: NewPost, beside: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Post what is left of what was begun, as ``send`` does; its text is known."""
        found = self._outgoing.of(key)
        assert found is not None, "it was begun"
        return self._rest(key, post, found, beside)

    def is_sent(self, key: str) -> bool:
        """Whether all of it is posted, or nothing more of it will be."""
        found = self._outgoing.of(key)
        return found is not None and found.is_done

    def _rest(
        self, key: str, post: NewPost, found: Outgoing, beside: Collection[str] | None
    ) -> tuple[str, ...]:
        posts = list(found.posts)
        looks = beside is not None or not found.is_new
        root = post.in_reply_to_id
        if not found.is_done:
            above = self._place(key, posts, root)
            for number in range(len(posts), len(found.parts)):
                new = replace(post, text=found.parts[number], in_reply_to_id=above)
                there = self._there(key, new, found, {*posts, *(beside or ())}) if looks else None
                made = self._made(key, number, new, found, posts) if there is None else there
                posts.append(made)
                self._outgoing.sent(key, number, made)
                above = made or self._place(key, posts, root)
        standing = tuple(filter(None, posts))
        if not standing:
            raise self._taken_back(key)
        return standing

    # size: the part, what it is of, and what is posted of that.
    def _made(
        self, key: str, number: int, new: NewPost, found: Outgoing, posts: Sequence[str]
    ) -> str:
        """Post a part; '' if the server tells by its key that it was, and is deleted."""
        id_key = key_of(key, str(number), new.text)
        try:
            return self._client.post(new, key=id_key).id
        except GoneError:
            above = new.in_reply_to_id
            if not posts and above is not None and not self._stands(above):
                raise  # there is nothing to answer any more
            place = self._place(key, posts, above)
            if place != above:
                return self._client.post(replace(new, in_reply_to_id=place), key=id_key).id
            if found.is_new:
                raise
            return ""

    def _place(self, key: str, posts: Sequence[str], root: str | None) -> str | None:
        """Below what the next part belongs. TakenBackError where none of the others stands."""
        for posted in reversed(posts):
            if posted and self._stands(posted):
                return posted
        if posts:
            raise self._taken_back(key)
        return root

    def _stands(self, status_id: str) -> bool:
        try:
            self._client.status(status_id)
        except GoneError:
            return False
        return True

    def _taken_back(self, key: str) -> TakenBackError:
        self._outgoing.end(key)
        return TakenBackError("its author has deleted what was posted of it")

    def _parts(self, name: str, post: NewPost) -> list[str]:
        """The text in posts. A direct one reaches only whom it names, so each of them does."""
        before = f"{name} " if name else ""
        room = self._limit - weight(post.spoiler_text) - weight(before)
        parts = in_parts(post.text, room) if room > 0 else []
        everywhere = post.visibility == "direct"
        return [
            f"{before}{part}" if everywhere or number == 0 else part
            for number, part in enumerate(parts)
        ]

    # size: what is looked for, whose it is, and what it can't be.
    def _there(self, key: str, new: NewPost, found: Outgoing, known: Collection[str]) -> str | None:
        """The id of a part that is posted already, though its answer never came."""
        like = [
            status.id
            for status in self._near(new.in_reply_to_id, found)
            if status.account_id == self._own_id
            and status.in_reply_to_id == new.in_reply_to_id
            and status.id not in known
            and is_whole(new.text, status.content)
        ]
        if not like:
            return None
        # Two messages may differ by nothing but the post that they are about.
        kind = key.partition(":")[0]
        others = self._outgoing.begun(f"{kind}:")
        taken = {posted for other, one in others.items() if other != key for posted in one.posts}
        return next((one for one in like if one not in taken), None)

    def _near(self, above: str | None, found: Outgoing) -> Sequence[Status]:
        """The answers to a post; of what answers none, the newest posts since it was begun."""
        if above is not None:
            try:
                return self._client.answers(above)
            except GoneError:  # just now: the next request meets the same
                return ()
        if not self._own_id:
            return ()
        since = found.at - CLOCKS_APART_SECONDS
        page = self._client.own_statuses(self._own_id).statuses
        return [
            status
            for status in page
            if status.created_at is not None and status.created_at.timestamp() >= since
        ]


def key_of(*parts: str) -> str:
    """A key by which a server tells that it was asked for the same before."""
    return "alternator-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]
