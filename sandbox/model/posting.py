"""Posting, editing, deleting and boosting, with Mastodon's rules.

An edit replaces the whole status: what the request leaves out is gone afterwards.
https://github.com/mastodon/mastodon/blob/v4.4.8/app/services/post_status_service.rb,
https://github.com/mastodon/mastodon/blob/v4.4.8/app/services/update_status_service.rb and
https://docs.joinmastodon.org/methods/statuses/ are where the rules come from.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from sandbox.control.faults import Damage
from sandbox.errors import RefusedError, invalid
from sandbox.model.content import LINK
from sandbox.model.damage import damaged
from sandbox.model.edit_rules import DEFAULT_QUOTE_POLICY, check_media, described_by, edited
from sandbox.model.records import Account, Attachment, Poll, Status
from sandbox.model.serialize import accounts_in
from sandbox.model.social import Social
from sandbox.model.status_params import (
    EditParams,
    PollParams,
    PostParams,
    StatusParams,
)
from sandbox.model.store import Store
from sandbox.model.streams import Event, Hub
from sandbox.settings import LINK_CHARACTERS, Settings


class Posting:
    """What accounts do with their statuses; each change is announced on the streams."""

    def __init__(self, store: Store, hub: Hub, settings: Settings) -> None:
        self.store = store
        self.hub = hub
        self.settings = settings
        self.social = Social(store, hub)

    def create(
        self, account: Account, params: PostParams, idempotency_key: str | None = None
    ) -> Status:
        """Post a status; the same ``idempotency_key`` again gives the same status.

        Raises:
            RefusedError: 422 for what Mastodon does not accept, 404 for a reply to nothing.
        """
        with self.store.lock:
            key = f"{account.id}:{idempotency_key}"
            if idempotency_key and key in self.store.idempotency_keys:
                return self.store.status(self.store.idempotency_keys[key])
            status = self.build(account, params)
            taken = [
                replace(attachment, status_id=status.id)
                for attachment in self.store.attachments_of(status)
            ]
            if idempotency_key:
                self.store.idempotency_keys[key] = status.id
            self.store.keep(status, *taken)
        self.hub.publish(Event(name="update", payload=status))
        for mentioned in accounts_in(status.text):
            self.social.tell(mentioned, account, "mention", status)
        return status

    def build(self, account: Account, params: PostParams) -> Status:
        """A new status, not kept yet."""
        words, spoiler_text = params.text, params.spoiler_text
        if not words.strip() and spoiler_text:
            words, spoiler_text = spoiler_text, ""
        if params.in_reply_to_id is not None:
            self.store.status(params.in_reply_to_id)
        status_id = self.store.new_id()
        attachments = self.usable_attachments(account, params, None)
        if len(attachments) < len(set(params.media_ids)):
            missing = sorted(set(params.media_ids) - {attachment.id for attachment in attachments})
            raise refused(
                f"Media {', '.join(missing)} not found or already attached to another post"
            )
        status = Status(
            id=status_id,
            account_id=account.id,
            created_at=time.time(),
            text=words,
            visibility=params.visibility,
            spoiler_text=spoiler_text,
            sensitive=bool(params.sensitive) or bool(spoiler_text),
            language=params.language or self.settings.default_language,
            media_ids=in_order(params.media_ids, attachments),
            poll=self.poll_from(params.poll),
            in_reply_to_id=params.in_reply_to_id,
            quote_policy=params.quote_policy or DEFAULT_QUOTE_POLICY,
        )
        self.check(status)
        return status

    def edit(
        self,
        status: Status,
        account: Account,
        params: EditParams,
        *,
        damage: Damage | None = None,
    ) -> Status:
        """Replace a status by what an edit says, and do it a damage if a test wants one.

        An edit that changes nothing leaves no trace: no history, no time of edit, no event.

        Raises:
            RefusedError: 422 for what Mastodon does not accept; nothing is changed then.
        """
        with self.store.lock:
            before = self.store.status(status.id)
            usable = self.usable_attachments(account, params, before.id)
            check_media(params, usable, self.settings.dialect)
            described = described_by(params, usable, self.settings)
            after = replace(
                edited(before, params, self.settings),
                media_ids=in_order(params.media_ids, usable),
                poll=self.poll_from(params.poll, before.poll),
            )
            self.check(after)
            if damage is not None:
                after, described = damaged(after, described, damage)
            changed = [new for old, new in zip(usable, described, strict=True) if old != new]
            if after == before and not changed:
                if self.settings.dialect.unchanged == "422":
                    raise RefusedError(422, "Unprocessable Entity: status was not changed")
                return before
            return self.keep_edit(before, after, described)

    def keep_edit(self, before: Status, after: Status, described: list[Attachment]) -> Status:
        """Write a changed status and its history, and tell the streams."""
        now = time.time()
        revisions = before.revisions or (self.store.snapshot(before, before.created_at),)
        self.store.keep(*(replace(a, status_id=after.id) for a in described))
        after = replace(
            after, edited_at=now, revisions=(*revisions, self.store.snapshot(after, now))
        )
        self.store.keep(after)
        self.hub.publish(Event(name="status.update", payload=after))
        return after

    def delete(self, status: Status) -> None:
        """Remove a status with its attachments and the boosts of it."""
        with self.store.lock:
            boosts = self.store.boosts_of(status.id)
            own = [a for a in self.store.attachments.values() if a.status_id == status.id]
            self.store.forget(status, *boosts, *own)
        for gone in (status, *boosts):
            self.hub.publish(Event(name="delete", payload=gone.id))

    def boost(self, status: Status, account: Account) -> Status:
        """Boost a status; boosting it again gives the same boost."""
        with self.store.lock:
            original = self.store.status(status.reblog_of or status.id)
            for known in self.store.boosts_of(original.id):
                if known.account_id == account.id:
                    return known
            boost = Status(
                id=self.store.new_id(),
                account_id=account.id,
                created_at=time.time(),
                text="",
                reblog_of=original.id,
            )
            self.store.keep(boost)
        self.hub.publish(Event(name="update", payload=boost))
        return boost

    def favourite(self, status: Status, account: Account, *, likes: bool) -> Status:
        """Let an account favourite a status, or take that back."""
        with self.store.lock:
            status = self.store.status(status.id)
            others = tuple(one for one in status.favourited_by if one != account.id)
            status = replace(status, favourited_by=(*others, account.id) if likes else others)
            self.store.keep(status)
        return status

    def usable_attachments(
        self, account: Account, params: StatusParams, status_id: str | None
    ) -> list[Attachment]:
        """The named attachments that this account may use in this status; others are left out.

        The texts are ``media_attachments.validations`` of
        https://github.com/mastodon/mastodon/blob/v4.4.8/config/locales/en.yml
        """
        if not params.media_ids:
            return []
        limit = self.settings.attachment_limit
        if len(params.media_ids) > limit or params.poll is not None:
            raise refused(f"Cannot attach more than {limit} files")
        known = [
            self.store.attachments[media_id]
            for media_id in dict.fromkeys(params.media_ids)
            if media_id in self.store.attachments
        ]
        usable = [
            a for a in known if a.account_id == account.id and a.status_id in (None, status_id)
        ]
        clips = any(a.type in ("audio", "video") for a in usable)
        if clips and len(usable) > 1 and not self.settings.takes_mixed_media:
            raise refused("Cannot attach a video to a post that already contains images")
        if any(a.failed or a.ready_at > time.time() for a in usable):
            raise refused(
                "Cannot attach files that have not finished processing. Try again in a moment!"
            )
        return usable

    def poll_from(self, params: PollParams | None, previous: Poll | None = None) -> Poll | None:
        """The poll of a request; without one in the request there is none."""
        if params is None:
            return None
        return Poll(
            id=previous.id if previous else self.store.new_id(),
            options=params.options,
            expires_at=time.time() + params.expires_in,
            multiple=params.multiple,
            hide_totals=params.hide_totals,
        )

    def check(self, status: Status) -> None:
        """Refuse a status that is empty or too long.

        https://github.com/mastodon/mastodon/blob/v4.4.8/app/validators/status_length_validator.rb
        """
        if not status.text.strip() and not status.media_ids:
            raise invalid("Text can't be blank")
        counted = LINK.sub("x" * LINK_CHARACTERS, status.text) + status.spoiler_text
        if len(counted) > self.settings.status_limit:
            raise invalid(f"Text character limit of {self.settings.status_limit} exceeded")


def refused(reason: str) -> RefusedError:
    """422 of a ``Mastodon::ValidationError``: its reason alone, with nothing before it."""
    return RefusedError(422, reason)


def in_order(media_ids: Sequence[str], attachments: list[Attachment]) -> tuple[str, ...]:
    """The ids of usable attachments in the order asked for, each once."""
    usable = {attachment.id for attachment in attachments}
    return tuple(dict.fromkeys(media_id for media_id in media_ids if media_id in usable))
