"""What the web page shows, ready to be written down by its template."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

from markupsafe import Markup

from sandbox.model.content import content_html
from sandbox.model.records import DEMO_ACCOUNT, Attachment, Status
from sandbox.model.serialize import iso
from sandbox.model.store import Store

# The languages offered in the form and named in full; others show their code.
LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "ja": "日本語",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
}
KINDS = {"image": "Picture", "gifv": "Animation", "video": "Video", "audio": "Audio"}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A time, for machines and for people."""

    iso: str
    words: str


@dataclass(frozen=True, kw_only=True)
class AttachmentView:
    """One attachment; ``facts`` are its type, measures and file type in words."""

    id: str
    type: str
    url: str
    preview_url: str | None
    facts: str
    description: str
    is_picture: bool


@dataclass(frozen=True, kw_only=True)
class PostView:
    """One post. ``version`` changes whenever anything shown of it does."""

    id: str
    version: str
    content: Markup
    language: str
    language_name: str
    spoiler_text: str
    visibility: str
    sensitive: bool
    boosted: bool
    created: Moment
    edited: Moment | None
    attachments: tuple[AttachmentView, ...]
    poll_options: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PageView:
    """All posts, newest first, and how far their descriptions are."""

    posts: tuple[PostView, ...]
    attachments: int
    described: int
    languages: dict[str, str]


def page_view(store: Store) -> PageView:
    """The demo account's posts as the page shows them."""
    posts = tuple(post_view(store, status) for status in store.newest_first(DEMO_ACCOUNT.id))
    attachments = [attachment for post in posts for attachment in post.attachments]
    return PageView(
        posts=posts,
        attachments=len(attachments),
        described=sum(bool(attachment.description) for attachment in attachments),
        languages=LANGUAGES,
    )


def post_view(store: Store, status: Status) -> PostView:
    """One post; of a boost, the boosted one."""
    shown = store.statuses.get(status.reblog_of or "", status)
    language = shown.language or ""
    return PostView(
        id=status.id,
        version=str(shown.edited_at or shown.created_at),
        content=Markup(content_html(shown.text, "")),  # escaped there
        language=language,
        language_name=LANGUAGES.get(language, language),
        spoiler_text=shown.spoiler_text,
        visibility=shown.visibility,
        sensitive=shown.sensitive,
        boosted=status.reblog_of is not None,
        created=moment(status.created_at),
        edited=moment(shown.edited_at) if shown.edited_at else None,
        attachments=tuple(attachment_view(a) for a in store.attachments_of(shown)),
        poll_options=shown.poll.options if shown.poll else (),
    )


def attachment_view(attachment: Attachment) -> AttachmentView:
    """One attachment."""
    suffix = PurePath(attachment.file).suffix
    return AttachmentView(
        id=attachment.id,
        type=attachment.type,
        url=f"/media/{attachment.file}",
        preview_url=f"/media/{attachment.preview}" if attachment.preview else None,
        facts=" · ".join([KINDS[attachment.type], *measures(attachment), suffix.removeprefix(".")]),
        description=attachment.description or "",
        is_picture=attachment.type == "image" or suffix in (".gif", ".webp", ".avif"),
    )


def measures(attachment: Attachment) -> list[str]:
    """Length in minutes and seconds, size in pixels: what is known of them."""
    original = attachment.meta.get("original", {})
    found = []
    if "duration" in original:
        minutes, seconds = divmod(round(original["duration"]), 60)
        found.append(f"{minutes}:{seconds:02d}")
    if "width" in original:
        found.append(f"{original['width']} × {original['height']}")
    return found


def moment(seconds: float) -> Moment:
    """Unix time in seconds, in UTC."""
    words = datetime.fromtimestamp(seconds, UTC).strftime("%-d %b %Y, %H:%M UTC")
    return Moment(iso=iso(seconds), words=words)
