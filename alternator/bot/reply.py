"""Answers a post with the descriptions of its attachments, where it is not to be edited.

As Altbot does (https://github.com/micr0-dev/Altbot/blob/main/main.go, generateAndPostAltText): seen
by nobody who does not see the post, listed in no public timeline, behind the post's own content
warning. A post is answered once: the state knows our replies, and where it was lost or the answer
to the request was, a look at the post's replies finds one that this program wrote.
"""

import hashlib
from collections.abc import Mapping

from alternator.accounts.account import Account
from alternator.alt_text.attribution import is_attributed
from alternator.bot.error_outcomes import deleted
from alternator.bot.posted_words import in_parts, inactive, weight
from alternator.errors import EditRefusedError, GoneError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import NewPost, Status, Visibility
from alternator.mastodon.plain import text_of_html
from alternator.store.outcomes import Outcome, left_alone, to_retry

# No wider than the post, and in no public timeline.
NO_WIDER: Mapping[Visibility, Visibility] = {
    "public": "unlisted",
    "unlisted": "unlisted",
    "private": "private",
    "direct": "direct",
}
MOST_PARTS = 5


class Replier:
    """Answers posts of one account. For the main thread, whose ``client`` it is."""

    def __init__(self, account: Account, client: MastodonClient) -> None:
        self._account = account
        self._client = client

    def reply(self, before: Status, texts: Mapping[str, str]) -> list[Outcome]:
        """Answer a post with these texts, by attachment; ``before`` is the post as it was.

        It may be called again with the same texts after an error.

        Raises:
            ServerError: the server can't be asked, or the token does not suffice.
        """
        try:
            status = self._client.status(before.id)
            outcomes, wanted = self._sorted(status, texts)
            if not wanted:
                return outcomes
            if status.local_only:
                reason = "the post stays on its server, and a reply would not"
                return [*outcomes, *(left_alone(key, reason) for key in wanted)]
            if self._is_answered(status.id):
                return [
                    *outcomes,
                    *(
                        Outcome(attachment_id=key, state="described", earlier=True)
                        for key in wanted
                    ),
                ]
            return [*outcomes, *self._posted(status, wanted)]
        except GoneError:
            return list(deleted(texts))

    def _sorted(
        self, status: Status, texts: Mapping[str, str]
    ) -> tuple[list[Outcome], dict[str, str]]:
        """What is not to be said any more, and what is."""
        outcomes, wanted = [], {}
        for key, text in texts.items():
            attachment = status.by_id.get(key)
            if attachment is None:
                outcomes.append(
                    left_alone(key, "it was removed from the post meanwhile", sure=False)
                )
            elif not attachment.lacks_description:
                reason = "it was described by somebody meanwhile"
                outcomes.append(left_alone(key, reason, sure=False))
            else:
                wanted[key] = text
        return outcomes, wanted

    def _is_answered(self, status_id: str) -> bool:
        """Whether there is a reply of this program's that the state knows nothing of.

        One that was parted is a chain of replies. What answers another post of a thread is none.
        """
        known = self._account.state.ledger.answers_to(status_id)
        chain = {status_id}
        for reply in self._client.answers(status_id):
            is_own = reply.account_id == self._account.id and not reply.attachments
            if is_own and reply.in_reply_to_id in chain:
                chain.add(reply.id)
                if reply.id not in known and is_ours(reply):
                    return True
        return False

    def _posted(self, status: Status, texts: Mapping[str, str]) -> list[Outcome]:
        """Post the reply; of one that is too long several, each an answer to the one before."""
        words = reply_text(status, texts)
        room = self._account.instance.post_limit - weight(status.spoiler_text)
        parts = in_parts(words, room) if room > 0 else []
        if not 0 < len(parts) <= MOST_PARTS:
            reason = "a reply with its description is longer than this server takes"
            return [left_alone(key, reason) for key in texts]
        above, sent = status.id, []
        try:
            for number, part in enumerate(parts):
                post = NewPost(
                    text=part,
                    visibility=NO_WIDER[status.audience],
                    spoiler_text=text_of_html(status.spoiler_text),
                    language=status.language,
                    in_reply_to_id=above,
                )
                key = key_of(status.id, str(number), part)
                above = self._client.post(post, key=key).id
                sent.append(above)
        except EditRefusedError as error:
            if not sent:
                return [to_retry(key, str(error)) for key in texts]
        self._account.state.ledger.answered(status.id, sent)
        reason = f"in reply {sent[0]}"
        return [Outcome(attachment_id=key, state="described", reason=reason) for key in texts]


def reply_text(status: Status, texts: Mapping[str, str]) -> str:
    """What a reply says: each text, with its attachment's place where there are several."""
    places = {entry.id: place for place, entry in enumerate(status.attachments, 1)}
    if len(places) == 1:
        return inactive("".join(texts.values()))
    return inactive("\n\n".join(f"{places[key]}: {text}" for key, text in texts.items()))


def is_ours(reply: Status) -> bool:
    """Whether this program wrote a reply, by the line that names the model."""
    paragraphs = text_of_html(reply.content).strip().split("\n")
    lines = [line.strip() for line in paragraphs if line.strip()]
    return any(is_attributed(f"text\n\n{line}") for line in lines)


def key_of(*parts: str) -> str:
    """A key by which a server tells that it was asked for the same before."""
    return "alternator-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]
