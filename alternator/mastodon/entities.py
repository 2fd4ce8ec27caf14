"""What a Mastodon server tells, as typed objects; ``parse.py`` makes them of its answers.

The fields are those of https://docs.joinmastodon.org/entities/ that are used here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from alternator.mastodon.dialect import Dialect

# https://docs.joinmastodon.org/entities/Status/#visibility
Visibility = Literal["public", "unlisted", "private", "direct"]
VISIBILITIES: dict[str, Visibility] = {name: name for name in get_args(Visibility)}

AttachmentType = Literal["image", "gifv", "video", "audio", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Account:
    """https://docs.joinmastodon.org/entities/Account/"""

    id: str
    name: str  # user@server


@dataclass(frozen=True, kw_only=True)
class Focus:
    """The point that a cropped picture keeps in view: -1 to 1, rightwards and upwards."""

    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """https://docs.joinmastodon.org/entities/MediaAttachment/

    ``type`` is "unknown" also for one that this program does not know.
    """

    id: str
    type: AttachmentType
    url: str | None  # None while the server is processing the file
    description: str | None = None
    focus: Focus | None = None
    duration: float | None = None  # seconds

    @property
    def has_speech(self) -> bool:
        """Whether it is described by what is said in it."""
        return self.type in ("audio", "video")

    @property
    def lacks_description(self) -> bool:
        """Whether it has no description, or only blanks."""
        return not (self.description or "").strip()


@dataclass(frozen=True, kw_only=True)
class PollOption:
    """One answer; the count is None where it is hidden until the poll ends."""

    title: str
    votes_count: int | None


@dataclass(frozen=True, kw_only=True)
class Poll:
    """https://docs.joinmastodon.org/entities/Poll/"""

    options: tuple[PollOption, ...]
    multiple: bool
    expired: bool
    expires_at: datetime | None  # with its time zone; None for one without an end

    @property
    def hides_totals(self) -> bool:
        """Whether its counts can't be seen while it is open."""
        return any(option.votes_count is None for option in self.options)


@dataclass(frozen=True, kw_only=True)
class QuoteApproval:
    """https://docs.joinmastodon.org/entities/QuoteApproval/ (Mastodon 4.5)"""

    automatic: frozenset[str]
    manual: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Status:
    """https://docs.joinmastodon.org/entities/Status/

    ``local_only`` is told by glitch-soc, Hometown and GoToSocial; ``quotes`` and ``quoted_id`` by
    Mastodon 4.5 and the others that have quotes: of a quoted post that may not be seen there is no
    id.
    """

    id: str
    account_id: str
    created_at: datetime | None
    edited_at: datetime | None
    visibility: str  # as the server has it; ``audience`` is what it counts as
    content: str  # HTML
    spoiler_text: str
    sensitive: bool
    language: str | None  # ISO 639
    attachments: tuple[Attachment, ...]
    poll: Poll | None
    quote_approval: QuoteApproval | None
    is_boost: bool
    in_reply_to_id: str | None = None
    local_only: bool | None = None
    quotes: bool = False
    quoted_id: str | None = None
    tags: frozenset[str] = frozenset()  # hashtags without "#", case-folded
    # What changes without an edit: what its author's profile says (HTML), whether the token's own
    # account favourited it, and for a boost the post that it is of.
    profile: str = ""
    favourited: bool = False
    url: str | None = None  # its page
    acct: str = ""  # its author as others mention them: user, or user@server
    mentions: frozenset[str] = frozenset()  # the ids of the accounts that it mentions
    by_bot: bool = False  # https://docs.joinmastodon.org/entities/Account/#bot
    boosted: "Status | None" = None

    @property
    def audience(self) -> Visibility:
        """Who sees it. A visibility that is not known here ("mutuals_only") counts as direct."""
        return VISIBILITIES.get(self.visibility, "direct")

    @property
    def by_id(self) -> dict[str, Attachment]:
        """The attachments by their id, in order."""
        return {attachment.id: attachment for attachment in self.attachments}


@dataclass(frozen=True, kw_only=True)
class Notice:
    """https://docs.joinmastodon.org/entities/Notification/

    ``shunned``: whom no bot should answer, another bot or an account that moderators limited
    (https://docs.joinmastodon.org/entities/Account/#limited). ``status`` is None where there is
    none, or it is not understood.
    """

    id: str
    type: str
    account_id: str
    acct: str
    shunned: bool
    status: Status | None


@dataclass(frozen=True, kw_only=True)
class NewPost:
    """A post to be made: https://docs.joinmastodon.org/methods/statuses/#create"""

    text: str
    visibility: Visibility
    spoiler_text: str = ""
    language: str | None = None
    in_reply_to_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Statuses, newest first, as many as a server gives at once.

    ``unread`` are the ids of those in it that were not understood. ``oldest`` is the id of its
    last one, read or not: the next page goes on from there. None where there is nothing any more.
    """

    statuses: tuple[Status, ...]
    unread: tuple[str, ...] = ()
    oldest: str | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """https://docs.joinmastodon.org/entities/StatusSource/

    ``content_type`` says how ``text`` is to be read, for example ``text/markdown``: glitch-soc,
    GoToSocial, Akkoma and Pleroma tell it, Mastodon does not.
    """

    id: str
    text: str
    spoiler_text: str
    content_type: str | None


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One version of a post: https://docs.joinmastodon.org/entities/StatusEdit/"""

    created_at: datetime | None
    content: str  # HTML
    spoiler_text: str
    sensitive: bool
    attachments: tuple[Attachment, ...]
    poll_options: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Instance:
    """https://docs.joinmastodon.org/entities/Instance/, or what older servers give in its place.

    https://docs.joinmastodon.org/entities/V1_Instance/
    """

    version: str
    description_limit: int  # characters
    streaming_url: str | None  # as the server names it, mostly with ws or wss; None if it does not
    dialect: Dialect
    post_limit: int = 500  # characters of a post
