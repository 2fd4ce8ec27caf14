"""Posting, editing, deleting and boosting, with Mastodon's rules.

An edit replaces the whole status: what the request leaves out is gone afterwards.
"""

import time
from dataclasses import replace
from typing import Any

from sandbox.errors import RefusedError, invalid
from sandbox.model.model import Account, Attachment, Poll, Status, Visibility
from sandbox.model.params import flag, items, text
from sandbox.model.serialize import LINK, snapshot
from sandbox.model.store import Store
from sandbox.model.streams import Event, Hub
from sandbox.model.uploads import describe
from sandbox.settings import Settings

VISIBILITIES: dict[str, Visibility] = {
    "public": "public",
    "unlisted": "unlisted",
    "private": "private",
    "direct": "direct",
}
LINK_CHARACTERS = 23  # every link counts as that many


class Posting:
    """What accounts do with their statuses; each change is announced on the streams."""

    def __init__(self, store: Store, hub: Hub, settings: Settings) -> None:
        self.store = store
        self.hub = hub
        self.settings = settings

    def create(
        self, account: Account, params: dict[str, Any], idempotency_key: str | None = None
    ) -> Status:
        """Post a status from the parameters of ``POST /api/v1/statuses``.

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
        return status

    def build(self, account: Account, params: dict[str, Any]) -> Status:
        """A new status, not kept yet."""
        words, spoiler_text = text(params, "status") or "", text(params, "spoiler_text") or ""
        if not words.strip() and spoiler_text:
            words, spoiler_text = spoiler_text, ""
        visibility = VISIBILITIES.get(text(params, "visibility") or "public")
        if visibility is None:
            raise invalid("Visibility is not included in the list")
        if (parent := text(params, "in_reply_to_id")) is not None:
            self.store.status(parent)
        status_id = self.store.new_id()
        media_ids = [str(media_id) for media_id in items(params, "media_ids")]
        attachments = self.usable_attachments(account, media_ids, None, params)
        if len(attachments) < len(set(media_ids)):
            raise RefusedError(422, "Some of the attached media could not be found")
        status = Status(
            id=status_id,
            account_id=account.id,
            created_at=time.time(),
            text=words,
            visibility=visibility,
            spoiler_text=spoiler_text,
            sensitive=flag(params.get("sensitive")) or bool(spoiler_text),
            language=text(params, "language") or self.settings.default_language,
            media_ids=in_order(media_ids, attachments),
            poll=self.poll_from(params.get("poll")),
            in_reply_to_id=parent,
        )
        self.check(status)
        return status

    def edit(self, status: Status, account: Account, params: dict[str, Any]) -> Status:
        """Replace a status by the parameters of ``PUT /api/v1/statuses/:id``.

        An edit that changes nothing leaves no trace: no history, no time of edit, no event.

        Raises:
            RefusedError: 422 for what Mastodon does not accept; nothing is changed then.
        """
        with self.store.lock:
            before = self.store.status(status.id)
            media_ids = [str(media_id) for media_id in items(params, "media_ids")]
            usable = self.usable_attachments(account, media_ids, before.id, params)
            described = self.describe_all(usable, items(params, "media_attributes"))
            words, warning = text(params, "status") or "", text(params, "spoiler_text") or ""
            spoiler_text = warning
            if not words:
                # As Mastodon has it: the warning becomes the text, and the old one stays.
                words, warning, spoiler_text = warning, "", before.spoiler_text
            after = replace(
                before,
                text=words,
                spoiler_text=spoiler_text,
                sensitive=sensitivity(params.get("sensitive"), warning),
                language=text(params, "language") or self.settings.default_language,
                media_ids=in_order(media_ids, usable),
                poll=self.poll_from(params.get("poll"), before.poll),
            )
            self.check(after)
            changed = [new for old, new in zip(usable, described, strict=True) if old != new]
            if after == before and not changed:
                return before
            return self.keep_edit(before, after, described)

    def keep_edit(self, before: Status, after: Status, described: list[Attachment]) -> Status:
        """Write a changed status and its history, and tell the streams."""
        now = time.time()
        revisions = before.revisions or (snapshot(before, self.store, before.created_at),)
        self.store.keep(*(replace(a, status_id=after.id) for a in described))
        after = replace(
            after, edited_at=now, revisions=(*revisions, snapshot(after, self.store, now))
        )
        self.store.keep(after)
        self.hub.publish(Event(name="status.update", payload=after))
        return after

    def delete(self, status: Status) -> None:
        """Remove a status with its attachments and the boosts of it."""
        with self.store.lock:
            boosts = [s for s in self.store.statuses.values() if s.reblog_of == status.id]
            own = [a for a in self.store.attachments.values() if a.status_id == status.id]
            self.store.forget(status, *boosts, *own)
        for gone in (status, *boosts):
            self.hub.publish(Event(name="delete", payload=gone.id))

    def boost(self, status: Status, account: Account) -> Status:
        """Boost a status; boosting it again gives the same boost."""
        with self.store.lock:
            original = self.store.status(status.reblog_of or status.id)
            for known in self.store.statuses.values():
                if known.reblog_of == original.id and known.account_id == account.id:
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

    def usable_attachments(
        self, account: Account, media_ids: list[str], status_id: str | None, params: dict[str, Any]
    ) -> list[Attachment]:
        """The named attachments that this account may use in this status; others are left out."""
        if not media_ids:
            return []
        if len(media_ids) > self.settings.attachment_limit or params.get("poll"):
            limit = self.settings.attachment_limit
            raise invalid(f"Cannot attach more than {limit} files, or files to a poll")
        known = [
            self.store.attachments[media_id]
            for media_id in dict.fromkeys(media_ids)
            if media_id in self.store.attachments
        ]
        usable = [
            a for a in known if a.account_id == account.id and a.status_id in (None, status_id)
        ]
        if len(usable) > 1 and any(a.type in ("audio", "video") for a in usable):
            raise invalid("Cannot attach a video to a post that already contains images")
        if any(a.failed or a.ready_at > time.time() for a in usable):
            raise invalid("Cannot attach files that have not finished processing. Try again later!")
        return usable

    def describe_all(
        self, attachments: list[Attachment], attributes: list[Any]
    ) -> list[Attachment]:
        """The attachments with ``media_attributes`` applied; unknown ids are passed over."""
        by_id = {str(a.get("id")): a for a in attributes if isinstance(a, dict)}
        limit = self.settings.description_limit
        return [describe(a, by_id.get(a.id, {}), limit) for a in attachments]

    def poll_from(self, params: Any, previous: Poll | None = None) -> Poll | None:
        """The poll of a request; without one in the request there is none."""
        if not isinstance(params, dict) or not params:
            return None
        options = tuple(str(option) for option in items(params, "options"))
        if not 2 <= len(options) <= 4:
            raise invalid("Poll must have 2 to 4 options")
        try:
            expires_in = float(params["expires_in"])
        except (KeyError, TypeError, ValueError):
            raise invalid("Expires at can't be blank") from None
        return Poll(
            id=previous.id if previous else self.store.new_id(),
            options=options,
            expires_at=time.time() + expires_in,
            multiple=flag(params.get("multiple")),
            hide_totals=flag(params.get("hide_totals")),
        )

    def check(self, status: Status) -> None:
        """Refuse a status that is empty or too long."""
        if not status.text.strip() and not status.media_ids:
            raise invalid("Text can't be blank")
        counted = LINK.sub("x" * LINK_CHARACTERS, status.text) + status.spoiler_text
        if len(counted) > self.settings.status_limit:
            raise invalid(f"Text character limit of {self.settings.status_limit} exceeded")


def in_order(media_ids: list[str], attachments: list[Attachment]) -> tuple[str, ...]:
    """The ids of usable attachments in the order asked for, each once."""
    usable = {attachment.id for attachment in attachments}
    return tuple(dict.fromkeys(media_id for media_id in media_ids if media_id in usable))


def sensitivity(value: Any, spoiler_text: str) -> bool:
    """Sensitivity after an edit. A form's "false" holds, JSON's false yields to a warning."""
    if isinstance(value, str) and value:
        return flag(value)
    return flag(value) or bool(spoiler_text)
