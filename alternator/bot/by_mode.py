"""Describes posts in the mode that is set for them: edits them, or does something else instead.

Whatever the mode, texts are made in one way (``describe.py``), and there is one way to an edit. A
draft that was approved takes it, too: its post is looked at anew. Where that says something else by
now, its texts are made anew instead, and wait again; where it is to be left alone by now, it is.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Self, assert_never

from alternator.bot.basis import basis_of
from alternator.bot.describe import Describer
from alternator.bot.draft import Draft
from alternator.bot.error_outcomes import deleted
from alternator.bot.other_bot import OtherBot
from alternator.bot.others.answer import Answerer
from alternator.bot.reply import Replier
from alternator.bot.wanted import Wanted
from alternator.errors import GoneError, TemporaryMediaError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Attachment, Status
from alternator.progress import Progress
from alternator.store.drafts import DraftKind, Drafts, KeptDraft, NewDraft
from alternator.store.outcomes import Claim, Outcome, left_alone, to_retry

log = logging.getLogger(__name__)

EDITED_SINCE = "the post was edited since"


class ModeDescriber:
    """``alternator.bot.draft.Describes`` for one account whose posts have modes.

    ``client`` is that of the thread that it works for; ``replier`` is the main thread's, and so is
    ``answerer``, for posts of others.
    """

    # size: each comes from another owner: texts, session, state, operator.
    def __init__(
        self,
        describer: Describer,
        client: MastodonClient,
        *,
        drafts: Drafts,
        wanted: Wanted,
        replier: Replier,
        answerer: Answerer | None = None,
    ) -> None:
        self._describer = describer
        self._client = client
        self._drafts = drafts
        self._wanted = wanted
        self._replier = replier
        self._answerer = answerer

    @property
    def client(self) -> MastodonClient:
        """The session that it edits by, of its own thread."""
        return self._client

    @property
    def other_bot(self) -> OtherBot:
        """What is known of another bot on the account."""
        return self._describer.other_bot

    def beside(self, client: MastodonClient, progress: Progress) -> Self:
        """What prepares posts in another thread, for this one to publish."""
        return type(self)(
            self._describer.beside(client, progress),
            client,
            drafts=self._drafts,
            wanted=self._wanted,
            replier=self._replier,
            answerer=self._answerer,
        )

    def undescribed(self, status: Status) -> tuple[Attachment, ...]:
        """The attachments that lack a description and that this bot can describe."""
        return self._describer.undescribed(status)

    def prepare(self, claim: Claim, *, patient: bool = True, speech: bool = True) -> Draft:
        """Make the texts for a claim, or take those that were approved; errors as of
        ``Describer.prepare``."""
        if self._answerer is not None and self._answerer.is_asked(claim.status_id):
            return self._for_others(self._answerer, claim, patient=patient, speech=speech)
        begun = self._replier.begun(claim.status_id).keys() & set(claim.attachment_ids)
        if begun:
            return self._begun(begun, claim, patient=patient, speech=speech)
        kept = self._drafts.approved_of(claim.status_id)
        note = ""
        if kept is not None:
            draft = self._approved(claim, kept)
            if draft is not None:
                return draft
            note = f"{EDITED_SINCE} draft {kept.number} was made"
        draft = self._describer.prepare(claim, patient=patient, speech=speech)
        return replace(draft, note=note)

    def publish(self, draft: Draft) -> list[Outcome]:
        """Do with a draft what its post's mode says; errors as of ``Describer.publish``."""
        if self._answerer is not None and self._answerer.is_asked(draft.status_id):
            return self._answerer.publish(draft)
        if draft.status is not None:
            draft = self._gone_on(draft, draft.status)
        if draft.status is None or not draft.texts or draft.approved is not None:
            return self._describer.publish(draft)
        mode = self._wanted.modes.of(draft.status.audience)
        match mode:
            case "edit":
                return self._describer.publish(draft)
            case "dry-run" | "review":
                return [*draft.outcomes, *self._keep(draft, draft.status, mode)]
            case "reply":
                return [*draft.outcomes, *self._replier.reply(draft.status, draft.texts)]
            case _:
                assert_never(mode)

    def _begun(self, begun: Collection[str], claim: Claim, *, patient: bool, speech: bool) -> Draft:
        """The draft for a post whose reply was begun about some of its attachments: the words of
        these are kept, and no model is asked again."""
        rest = tuple(key for key in claim.attachment_ids if key not in begun)
        claimed = replace(claim, attachment_ids=rest)
        draft = self._describer.prepare(claimed, patient=patient, speech=speech)
        if draft.status is None:
            return replace(draft, outcomes=deleted(claim.attachment_ids))
        reason = self._wanted.reason_against(draft.status)
        if reason is not None:
            left = (left_alone(key, reason, sure=False) for key in sorted(begun))
            return replace(draft, outcomes=(*draft.outcomes, *left))
        return replace(draft, texts={**dict.fromkeys(sorted(begun), ""), **draft.texts})

    def _gone_on(self, draft: Draft, status: Status) -> Draft:
        """The draft without what a reply says that was begun, whatever the mode is by now: posts
        what is left of it."""
        begun = [key for key in self._replier.begun(status.id) if key in draft.texts]
        if not begun:
            return draft
        outcomes = self._replier.go_on(status, begun)
        texts = {key: text for key, text in draft.texts.items() if key not in begun}
        return replace(draft, texts=texts, outcomes=(*draft.outcomes, *outcomes))

    def _for_others(
        self, answerer: Answerer, claim: Claim, *, patient: bool, speech: bool
    ) -> Draft:
        """Make the texts for somebody else's post, but for those that are made already."""
        left = answerer.seconds_left(claim.status_id)
        if left > 0:
            raise TemporaryMediaError("its author may describe it", retry_after=left)
        kept = answerer.kept(claim)
        rest = tuple(key for key in claim.attachment_ids if key not in kept)
        describer = self._describer.judging_by(answerer.wanted)
        draft = describer.prepare(
            replace(claim, attachment_ids=rest), patient=patient, speech=speech
        )
        if draft.status is None:
            return replace(draft, outcomes=deleted(claim.attachment_ids))
        return replace(draft, texts={**kept, **draft.texts})

    def _approved(self, claim: Claim, kept: KeptDraft) -> Draft | None:
        """The texts that were approved; None if their post says something else by now.

        No texts where its author, or the configuration, wants it left alone by now.
        """
        try:
            status = self._client.status(claim.status_id)
        except GoneError:
            return Draft(
                status_id=claim.status_id, texts={}, outcomes=deleted(claim.attachment_ids)
            )
        reason = self._wanted.reason_against(status)
        if reason is not None:
            # What was approved is dropped with it, once a second look says the same.
            found = (left_alone(key, reason, sure=False) for key in claim.attachment_ids)
            return Draft(status_id=status.id, texts={}, outcomes=tuple(found), status=status)
        if basis_of(status) != kept.basis:
            self._drafts.drop(kept.number, EDITED_SINCE)
            log.info("draft %d of post %s is made anew: %s", kept.number, status.id, EDITED_SINCE)
            return None
        texts = {key: kept.texts[key] for key in claim.attachment_ids if key in kept.texts}
        others = [key for key in claim.attachment_ids if key not in kept.texts]
        return Draft(
            status_id=status.id,
            texts=texts,
            # In their turn, by themselves: nobody has approved anything of them.
            outcomes=tuple(to_retry(key, "a draft goes first", counts=False) for key in others),
            status=status,
            approved=kept.number,
        )

    def _keep(self, draft: Draft, status: Status, kind: DraftKind) -> list[Outcome]:
        places = {entry.id: place for place, entry in enumerate(status.attachments, 1)}
        kept = self._drafts.keep(
            NewDraft(
                status_id=status.id,
                kind=kind,
                audience=status.audience,
                basis=basis_of(status),
                texts=draft.texts,
                numbers={key: places[key] for key in draft.texts},
                url=status.url or "",
                note=draft.note,
            )
        )
        tell(kept)
        word = "kept in a dry run" if kind == "dry-run" else "that waits for its author's word"
        return [left_alone(key, f"its text is draft {kept.number}, {word}") for key in draft.texts]


def tell(draft: KeptDraft) -> None:
    """Log a draft: of a dry run the log is what it is made for."""
    said: Mapping[int, str] = draft.words
    for place, text in said.items():
        words = " / ".join(text.split("\n"))
        if draft.kind == "dry-run":
            log.info("dry run: post %s, attachment %d would get: %s", draft.status_id, place, words)
        else:
            log.info("draft %d of post %s waits for a word", draft.number, draft.status_id)
            return
