"""Records as the JSON entities of Mastodon's client API."""

import html
import time
from datetime import UTC, datetime

from sandbox.dialects import MASTODON, Dialect
from sandbox.model import entities
from sandbox.model.content import content_html, hashtags, mentioned
from sandbox.model.records import (
    ACCOUNTS,
    Account,
    Attachment,
    Notification,
    Poll,
    Revision,
    Status,
)
from sandbox.model.store import Store

APPLICATION: entities.StatusApplication = {"name": "Sandbox", "website": None}
# Every account needs a picture.
AVATAR_PATH = "/static/avatar.svg"


class Serializer:
    """Makes entities whose links start with ``base_url`` (no slash at its end)."""

    def __init__(self, store: Store, base_url: str, dialect: Dialect = MASTODON) -> None:
        self.store = store
        self.base_url = base_url
        self.dialect = dialect

    def account(self, account: Account) -> entities.Account:
        """An Account entity."""
        own = [s for s in self.store.newest_first(account.id) if s.visibility != "direct"]
        avatar = self.base_url + AVATAR_PATH
        profile = self.store.profile_of(account)
        return {
            "id": account.id,
            "username": account.username,
            "acct": account.username,
            "display_name": account.display_name,
            "locked": False,
            "bot": account.bot,
            "discoverable": True,
            "indexable": False,
            "group": False,
            "created_at": "2026-01-01T00:00:00.000Z",
            "note": f"<p>{html.escape(profile.note)}</p>",
            "url": f"{self.base_url}/@{account.username}",
            "uri": f"{self.base_url}/users/{account.username}",
            "avatar": avatar,
            "avatar_static": avatar,
            "header": avatar,
            "header_static": avatar,
            "followers_count": 0,
            "following_count": 0,
            "statuses_count": len(own),
            "last_status_at": iso(own[0].created_at)[:10] if own else None,
            "hide_collections": None,
            "noindex": False,
            "emojis": [],
            "roles": [],
            "fields": [
                {"name": name, "value": html.escape(value), "verified_at": None}
                for name, value in profile.fields
            ],
        }

    def status(self, status: Status, viewer: Account | None = None) -> entities.Status:
        """A Status entity; a boost carries the boosted status under ``reblog``.

        The store is held meanwhile, so that nobody sees half of an edit.
        """
        with self.store.lock:
            entity = self.status_entity(status, viewer)
            if viewer is not None:
                shown = status.reblog_of or status.id
                own = [s for s in self.store.boosts_of(shown) if s.account_id == viewer.id]
                entity["favourited"] = viewer.id in status.favourited_by
                entity["muted"] = entity["bookmarked"] = False
                entity["pinned"] = False
                entity["reblogged"] = bool(own)
                entity["filtered"] = []
            return entity

    def status_entity(self, status: Status, viewer: Account | None) -> entities.Status:
        """The entity as everybody sees it, with the store held."""
        account = ACCOUNTS[status.account_id]
        original = self.store.statuses.get(status.reblog_of) if status.reblog_of else None
        parent = self.store.statuses.get(status.in_reply_to_id or "")
        shown = original or status
        uri = f"{self.base_url}/users/{account.username}/statuses/{status.id}"
        own_attachments = [] if original else self.store.attachments_of(status)
        is_author = viewer is not None and viewer.id == status.account_id
        entity: entities.Status = {
            "id": status.id,
            "created_at": iso(status.created_at),
            "in_reply_to_id": status.in_reply_to_id,
            "in_reply_to_account_id": parent.account_id if parent else None,
            "sensitive": shown.sensitive,
            "spoiler_text": shown.spoiler_text,
            "visibility": status.visibility,
            "language": shown.language if self.dialect.tells_language else None,
            "uri": f"{uri}/activity" if original else uri,
            "url": f"{self.base_url}/@{account.username}/{status.id}",
            "replies_count": len(self.store.replies_to(status.id)),
            "reblogs_count": len(self.store.boosts_of(status.id)),
            "favourites_count": len(status.favourited_by),
            "quotes_count": 0,
            "edited_at": iso(shown.edited_at) if shown.edited_at else None,
            "content": "" if original else content_html(status.text, self.base_url),
            "reblog": self.status(original, viewer) if original else None,
            "application": APPLICATION,
            "account": self.account(account),
            "media_attachments": [self.attachment(a) for a in own_attachments],
            "mentions": [self.mention(account) for account in accounts_in(status.text)],
            "tags": [self.tag(name.lower()) for name in hashtags(status.text)],
            "emojis": [],
            "card": None,
            "poll": self.poll(status.poll, is_author) if status.poll else None,
        }
        if self.dialect.quote_policy != "none":
            automatic = [] if shown.quote_policy == "nobody" else [shown.quote_policy]
            may = "automatic" if is_author or automatic == ["public"] else "denied"
            entity["quote_approval"] = {"automatic": automatic, "manual": [], "current_user": may}
        return entity

    def notification(self, told: Notification) -> entities.Notification:
        """A Notification entity; without its status if that was deleted."""
        entity: entities.Notification = {
            "id": told.id,
            "type": told.type,
            "created_at": iso(told.created_at),
            "group_key": f"ungrouped-{told.id}",
            "account": self.account(ACCOUNTS[told.account_id]),
        }
        status = self.store.statuses.get(told.status_id or "")
        if status is not None:
            entity["status"] = self.status(status, ACCOUNTS[told.to])
        return entity | {"filtered": True} if told.filtered else entity

    def mention(self, account: Account) -> entities.StatusMention:
        """An account that a status mentions."""
        return {
            "id": account.id,
            "username": account.username,
            "url": f"{self.base_url}/@{account.username}",
            "acct": account.username,
        }

    def tag(self, name: str) -> entities.StatusTag:
        """A hashtag of a status."""
        return {"name": name, "url": f"{self.base_url}/tags/{name}"}

    def source(self, status: Status) -> entities.StatusSource:
        """A StatusSource entity: what its author typed."""
        text = status.text if status.has_source else ""
        source: entities.StatusSource = {
            "id": status.id,
            "text": text,
            "spoiler_text": status.spoiler_text,
        }
        if self.dialect.source_type is not None:
            source["content_type"] = self.dialect.source_type
        return source

    def history(self, status: Status) -> list[entities.StatusEdit]:
        """StatusEdit entities, oldest first. A status that was never edited has one."""
        revisions = status.revisions or (self.store.snapshot(status, status.created_at),)
        return [self.revision(revision, ACCOUNTS[status.account_id]) for revision in revisions]

    def revision(self, revision: Revision, account: Account) -> entities.StatusEdit:
        """One StatusEdit entity."""
        attachments: list[entities.MediaAttachment] = [
            {**self.attachment(self.store.attachments[media_id]), "description": description}
            for media_id, description in revision.attachments
            if media_id in self.store.attachments
        ]
        entity: entities.StatusEdit = {
            "content": content_html(revision.text, self.base_url),
            "spoiler_text": revision.spoiler_text,
            "sensitive": revision.sensitive,
            "created_at": iso(revision.created_at),
            "account": self.account(account),
            "media_attachments": attachments,
            "emojis": [],
        }
        if revision.poll_options:
            entity["poll"] = {"options": [{"title": title} for title in revision.poll_options]}
        return entity

    def attachment(self, attachment: Attachment) -> entities.MediaAttachment:
        """A MediaAttachment entity; ``url`` is null until the file has been processed."""
        meta: entities.MediaMeta = {**attachment.meta}
        if attachment.focus is not None:
            meta["focus"] = {"x": attachment.focus[0], "y": attachment.focus[1]}
        ready = attachment.ready_at <= time.time()
        preview = attachment.preview if ready else None
        return {
            "id": attachment.id,
            "type": attachment.type,
            "url": self.media_url(attachment.file) if ready else None,
            "preview_url": self.media_url(preview) if preview else None,
            "remote_url": None,
            "preview_remote_url": None,
            "text_url": None,
            "meta": meta if ready else {},
            "description": attachment.description,
            "blurhash": None,
        }

    def poll(self, poll: Poll, is_author: bool) -> entities.Poll:
        """A Poll entity. Nobody has voted; whether one may see that is another matter."""
        expired = poll.expires_at <= time.time()
        hidden = poll.hide_totals and self.dialect.hides_counts and not expired
        shown = not hidden or (is_author and self.dialect.author_sees_counts)
        count = 0 if shown else None
        return {
            "id": poll.id,
            "expires_at": iso(poll.expires_at),
            "expired": expired,
            "multiple": poll.multiple,
            "votes_count": 0,
            "voters_count": 0,
            "voted": True,
            "own_votes": [],
            "options": [{"title": title, "votes_count": count} for title in poll.options],
            "emojis": [],
        }

    def media_url(self, name: str) -> str:
        """Where a file of the media folder is served."""
        return f"{self.base_url}/media/{name}"


def accounts_in(text: str) -> list[Account]:
    """The accounts of this server that a text mentions."""
    names = {account.username: account for account in ACCOUNTS.values()}
    return [names[name] for name in mentioned(text) if name in names]


def iso(seconds: float) -> str:
    """Unix time as https://docs.joinmastodon.org/api/datetime-format/ has it.

    UTC, milliseconds, ``Z``.
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
