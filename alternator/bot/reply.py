"""Answers a post with the descriptions of its attachments, where it is not to be edited.

As Altbot does (https://github.com/micr0-dev/Altbot/blob/main/main.go, generateAndPostAltText): seen
by nobody who does not see the post, listed in no public timeline, behind the post's own content
warning. A post is answered once: the state knows our replies, and which part of one is posted
(``outbox.py``); where it was lost, a look at the post's replies finds one that this program wrote.
What was begun as a reply is ended as one, by whoever takes its post up again.
"""

from collections.abc import Collection, Mapping

from alternator.accounts.account import Account
from alternator.alt_text.attribution import is_attributed
from alternator.bot.error_outcomes import deleted
from alternator.bot.outbox import Outbox
from alternator.bot.posted_words import inactive
from alternator.errors import EditRefusedError, GoneError, TakenBackError
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


class Replier:
    """Answers posts of one account. For the main thread, whose ``client`` it is.

    What a reply is about stands in the key under which it is posted (``Outbox``), so a post that is
    taken up again tells which of its attachments need no text any more.
    """

    def __init__(self, account: Account, client: MastodonClient) -> None:
        self._account = account
        self._client = client
        limit = account.instance.post_limit
        self._outbox = Outbox(client, account.id, account.state.outgoing, limit=limit)

    def begun(self, status_id: str) -> Mapping[str, str]:
        """The attachments of a post that a reply was begun about, with its key. Any thread."""
        keys = self._account.state.outgoing.begun(beginning_of(status_id))
        return {attachment: key for key in keys for attachment in about(key)}

    def go_on(self, before: Status, attachment_ids: Collection[str]) -> list[Outcome]:
        """Post what is left of the replies about these attachments, which were begun.

        Errors as of ``reply``.
        """
        outcomes = []
        begun = self.begun(before.id)
        for key in dict.fromkeys(begun[one] for one in attachment_ids):
            mine = [one for one in attachment_ids if begun[one] == key]
            try:
                status = self._client.status(before.id)
                others = self._known(status.id, but=key)
                posts = self._outbox.go_on(key, new_reply(status, ""), others)
                outcomes += self._said(status.id, mine, posts)
            except GoneError:
                outcomes += deleted(mine)
            except EditRefusedError as error:
                outcomes += [to_retry(one, str(error)) for one in mine]
            except TakenBackError as error:
                outcomes += [left_alone(one, str(error)) for one in mine]
        return outcomes

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
        known = self._known(status_id)
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
        post = new_reply(status, reply_text(status, texts))
        try:
            # Where the memory was lost and the words are the same, some parts may stand.
            key, others = key_about(status.id, texts), self._known(status.id)
            posts = self._outbox.send(key, "", post, beside=others)
        except EditRefusedError as error:
            return [to_retry(key, str(error)) for key in texts]
        except TakenBackError as error:
            return [left_alone(key, str(error)) for key in texts]
        if not posts:
            reason = "a reply with its description is longer than this server takes"
            return [left_alone(key, reason) for key in texts]
        return self._said(status.id, texts, posts)

    def _known(self, status_id: str, *, but: str = "") -> frozenset[str]:
        """The ids of our replies to a post that are remembered, without those under one key."""
        begun = self._account.state.outgoing.begun(beginning_of(status_id))
        mine = begun[but].posts if but else ()
        known = self._account.state.ledger.answers_to(status_id)
        return known.union(*(sent.posts for sent in begun.values())) - frozenset(mine)

    def _said(
        self, status_id: str, attachment_ids: Collection[str], posts: Collection[str]
    ) -> list[Outcome]:
        """They are described, in a reply."""
        self._account.state.ledger.answered(status_id, posts)
        reason = f"in reply {next(iter(posts))}"
        return [
            Outcome(attachment_id=key, state="described", reason=reason) for key in attachment_ids
        ]


def new_reply(status: Status, text: str) -> NewPost:
    """A reply to a post: seen by no more people, behind the same warning."""
    return NewPost(
        text=text,
        visibility=NO_WIDER[status.audience],
        spoiler_text=text_of_html(status.spoiler_text),
        language=status.language,
        in_reply_to_id=status.id,
    )


def beginning_of(status_id: str) -> str:
    """How the keys of all replies to a post begin."""
    return f"reply:{status_id}:"


def key_about(status_id: str, attachment_ids: Collection[str]) -> str:
    """The key under which a reply about these attachments is posted."""
    return beginning_of(status_id) + ",".join(sorted(attachment_ids))


def about(key: str) -> list[str]:
    """The attachments that such a key names."""
    return key.rpartition(":")[2].split(",")


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
