"""Answers a post of somebody else with the descriptions of its attachments, once.

Seen by no more people than the post is, nor than who asked made their asking seen: the account's
followers are not the author's, so what is not for everybody is answered directly. Nobody is
mentioned but who asked. A suggestion goes to the author alone, as a direct reply to the post.
"""

import logging
from collections.abc import Callable, Collection, Mapping

from alternator.bot.draft import Draft
from alternator.bot.error_outcomes import deleted
from alternator.bot.others.rules import OthersWanted, is_restricted
from alternator.bot.others.words import SUGGESTED
from alternator.bot.outbox import Outbox
from alternator.bot.reply import is_ours, reply_text
from alternator.config.others import How, OthersSettings
from alternator.errors import EditRefusedError, GoneError, TakenBackError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import NewPost, Status, Visibility
from alternator.mastodon.plain import text_of_html
from alternator.store.asked import Asking, answer_key
from alternator.store.interface import AccountState
from alternator.store.outcomes import Claim, Outcome, left_alone, to_retry

log = logging.getLogger(__name__)

# How long those of a post's texts that are there wait for the others.
PATIENCE_SECONDS = 900.0
MOST_ATTACHMENTS = 50


class Answerer:
    """Answers posts of others. Asking it is for any thread; ``publish`` for ``client``'s."""

    # size: each comes from another owner: session, state, operator, server, clock.
    def __init__(
        self,
        client: MastodonClient,
        own_id: str,
        state: AccountState,
        settings: OthersSettings,
        *,
        wanted: OthersWanted,
        outbox: Outbox,
        now: Callable[[], float],
    ) -> None:
        self.wanted = wanted
        self._client = client
        self._own_id = own_id
        self._state = state
        self._settings = settings
        self._outbox = outbox
        self._now = now

    def is_asked(self, status_id: str) -> bool:
        """Whether a post is somebody else's, and was asked about."""
        return self._state.asked.asking(status_id) is not None

    def kept(self, claim: Claim) -> dict[str, str]:
        """The texts of a claim that are made already, and wait for the others of their post."""
        texts = self._state.asked.texts(claim.status_id)
        return {key: texts[key] for key in claim.attachment_ids if key in texts}

    def seconds_left(self, status_id: str) -> float:
        """How long its author may still describe a post before it is taken up."""
        asking = self._state.asked.asking(status_id)
        return 0.0 if asking is None else max(asking.not_before - self._now(), 0.0)

    def publish(self, draft: Draft) -> list[Outcome]:
        """Answer a post, unless there is nothing left to say.

        It may be called again with the same draft after an error.

        Raises:
            ServerError: the server can't be asked, or the token does not suffice.
        """
        asking = self._state.asked.asking(draft.status_id)
        assert asking is not None, "is_asked was asked first"
        said = self._state.outgoing.of(answer_key(asking.status_id))
        if said is not None and said.is_done and said.posts:
            self._state.asked.close(asking.status_id, "answered")
            return [*draft.outcomes, *described(draft.texts, said.posts[0], earlier=True)]
        try:
            status = self._client.status(asking.status_id)
            return [*draft.outcomes, *self._answer(asking, status, draft)]
        except GoneError:
            return [*draft.outcomes, *deleted(draft.texts)]
        except EditRefusedError as error:
            return [*draft.outcomes, *(to_retry(key, str(error)) for key in draft.texts)]
        except TakenBackError as error:
            self._state.asked.close(asking.status_id, "dropped")
            return [*draft.outcomes, *(left_alone(key, str(error)) for key in draft.texts)]

    def _answer(self, asking: Asking, status: Status, draft: Draft) -> list[Outcome]:
        reason = self.wanted.reason_against(status)
        if reason is not None:
            return [left_alone(key, reason, sure=False) for key in draft.texts]
        outcomes = []
        wanted = {**self._state.asked.texts(status.id), **draft.texts}
        for key in list(wanted):
            attachment = status.by_id.get(key)
            if attachment is None or not attachment.lacks_description:
                wanted.pop(key)
                gone = "was removed from the post" if attachment is None else "has a description"
                if key in draft.texts:
                    outcomes.append(left_alone(key, f"it {gone} by now", sure=False))
        keys = [key for key in draft.texts if key in wanted]
        if not keys:
            return outcomes
        is_begun = self._state.outgoing.of(answer_key(status.id)) is not None
        if not is_begun and self._incomplete(asking, draft, wanted):
            self._state.asked.keep_texts(status.id, wanted)
            reason = "it is made, and waits for the others of its post"
            return [*outcomes, *(to_retry(key, reason, counts=False) for key in keys)]
        texts = {key: wanted[key] for key in status.by_id if key in wanted}
        posts = self._say(asking, status, texts)
        if not posts:
            reason = "an answer with its description is longer than this server takes"
            return [*outcomes, *(left_alone(key, reason) for key in keys)]
        self._state.asked.close(status.id, "answered")
        return [*outcomes, *described(keys, posts[0])]

    def _incomplete(self, asking: Asking, draft: Draft, texts: Mapping[str, str]) -> bool:
        """Whether there may soon be a text for another attachment: all are said in one answer."""
        if self._now() - max(asking.at, asking.not_before) > PATIENCE_SECONDS:
            return False
        rows = self._state.listing.page(
            ("waiting", "claimed"), most=MOST_ATTACHMENTS, status_id=asking.status_id
        )
        final = {entry.attachment_id for entry in draft.outcomes if entry.state != "failed"}
        return any(row.attachment_id not in texts.keys() | final for row in rows)

    def _say(self, asking: Asking, status: Status, texts: Mapping[str, str]) -> tuple[str, ...]:
        """Post the answer; the ids of its parts, none for one that is too long."""
        how = self._how(asking)
        known = self._state.outgoing.of(answer_key(status.id))
        if known is None and (there := self._lost(status.id)) is not None:
            # The state was lost, and the server's knows what it said.
            self._state.outgoing.sending(answer_key(status.id), (there,))
            self._state.outgoing.sent(answer_key(status.id), 0, there)
            return (there,)
        words = reply_text(status, texts)
        name = asking.address
        if how == "suggestion":
            name = f"@{status.acct}"
            where = f" {status.url}" if status.url else ""
            words = f"{SUGGESTED.format(where=where)}\n\n{words}"
        post = NewPost(
            text=words,
            visibility=self._audience(asking, status, how),
            spoiler_text=text_of_html(status.spoiler_text),
            language=status.language,
            in_reply_to_id=status.id,
        )
        posts = self._outbox.send(answer_key(status.id), name, post)
        if posts:
            log.info("answered post %s for %s by %s, %s", status.id, asking.address, how, posts[0])
        return posts

    def _how(self, asking: Asking) -> How:
        """By what. Nobody gets direct messages who never had to do with the account."""
        consent = self._state.asked.consent(asking.author)
        if consent is None:
            return "reply"
        return consent.how or self._settings.how

    def _audience(self, asking: Asking, status: Status, how: How) -> Visibility:
        is_open = asking.is_open and not is_restricted(status)
        return self._settings.visibility if is_open and how == "reply" else "direct"

    def _lost(self, status_id: str) -> str | None:
        """The id of an answer of ours that nothing is remembered of."""
        for reply in self._client.answers(status_id):
            ours = reply.account_id == self._own_id and reply.in_reply_to_id == status_id
            if ours and not reply.attachments and is_ours(reply):
                return reply.id
        return None


def described(keys: Collection[str], post_id: str, *, earlier: bool = False) -> list[Outcome]:
    """They are described, in an answer."""
    reason = f"in answer {post_id}"
    return [
        Outcome(attachment_id=key, state="described", reason=reason, earlier=earlier)
        for key in keys
    ]
