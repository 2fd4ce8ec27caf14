# size: one class for each page of Mastodon's documentation
"""The entities of Mastodon's client API, as far as the sandbox has something to say.

Each class has the name of its page in Mastodon's documentation and only attributes of that page.
Times are ISO 8601 in UTC, ids decimal strings, sizes in pixels. What the sandbox never has, such as
custom emoji, is a list of ``Never``.
"""

from typing import Literal, Never, NotRequired, TypedDict

NotificationType = Literal["mention", "follow"]
AttachmentType = Literal["image", "gifv", "video", "audio"]
Visibility = Literal["public", "unlisted", "private", "direct"]


class Geometry(TypedDict):
    """The measures of a picture."""

    width: int
    height: int
    size: str  # "640x360"
    aspect: float


class Focus(TypedDict):
    """A focal point: https://docs.joinmastodon.org/api/guidelines/#focal-points."""

    x: float
    y: float


class OriginalMeta(TypedDict, total=False):
    """The measures of the file itself; durations in seconds, bit rates in bits a second."""

    width: int
    height: int
    size: str
    aspect: float
    duration: float
    bitrate: int
    frame_rate: str | None  # "30/1"


class MediaMeta(TypedDict, total=False):
    """``meta`` of https://docs.joinmastodon.org/entities/MediaAttachment/#meta (its examples)."""

    length: str  # "0:01:28.65"
    duration: float
    width: int
    height: int
    size: str
    aspect: float
    audio_encode: str | None
    original: OriginalMeta
    small: Geometry
    focus: Focus


class MediaAttachment(TypedDict):
    """https://docs.joinmastodon.org/entities/MediaAttachment/

    ``preview_remote_url`` and ``text_url`` are of its serializer:
    https://github.com/mastodon/mastodon/blob/v4.4.8/app/serializers/rest/media_attachment_serializer.rb
    """

    id: str
    type: AttachmentType
    url: str | None
    preview_url: str | None
    remote_url: None
    preview_remote_url: None
    text_url: None
    meta: MediaMeta
    description: str | None
    blurhash: None


class Account(TypedDict):
    """https://docs.joinmastodon.org/entities/Account/"""

    id: str
    username: str
    acct: str
    display_name: str
    locked: bool
    bot: bool
    discoverable: bool
    indexable: bool
    group: bool
    created_at: str
    note: str
    url: str
    uri: str
    avatar: str
    avatar_static: str
    header: str
    header_static: str
    followers_count: int
    following_count: int
    statuses_count: int
    last_status_at: str | None
    hide_collections: None
    noindex: bool
    emojis: list[Never]
    roles: list[Never]
    fields: list["Field"]
    source: NotRequired["AccountSource"]


class Field(TypedDict):
    """https://docs.joinmastodon.org/entities/Account/#Field"""

    name: str
    value: str
    verified_at: None


class AccountSource(TypedDict):
    """``source`` of https://docs.joinmastodon.org/entities/Account/#CredentialAccount"""

    privacy: Visibility
    sensitive: bool
    language: str
    note: str
    fields: list[Field]
    follow_requests_count: int


class StatusApplication(TypedDict):
    """``application`` of https://docs.joinmastodon.org/entities/Status/#application"""

    name: str
    website: str | None


class Application(StatusApplication):
    """https://docs.joinmastodon.org/entities/Application/"""

    id: str
    scopes: NotRequired[list[str]]  # since 4.3


class StatusMention(TypedDict):
    """https://docs.joinmastodon.org/entities/Status/#Mention"""

    id: str
    username: str
    url: str
    acct: str


class StatusTag(TypedDict):
    """https://docs.joinmastodon.org/entities/Status/#Tag"""

    name: str
    url: str


class PollOption(TypedDict):
    """https://docs.joinmastodon.org/entities/Poll/#Option"""

    title: str
    votes_count: int | None  # null while totals are hidden


class Poll(TypedDict):
    """https://docs.joinmastodon.org/entities/Poll/"""

    id: str
    expires_at: str
    expired: bool
    multiple: bool
    votes_count: int
    voters_count: int
    voted: bool
    own_votes: list[Never]
    options: list[PollOption]
    emojis: list[Never]


class Status(TypedDict):
    """https://docs.joinmastodon.org/entities/Status/"""

    id: str
    created_at: str
    in_reply_to_id: str | None
    in_reply_to_account_id: str | None
    sensitive: bool
    spoiler_text: str
    visibility: Visibility
    language: str | None
    uri: str
    url: str
    replies_count: int
    reblogs_count: int
    favourites_count: int
    quotes_count: int
    edited_at: str | None
    content: str
    reblog: "Status | None"
    application: StatusApplication
    account: Account
    media_attachments: list[MediaAttachment]
    mentions: list[StatusMention]
    tags: list[StatusTag]
    emojis: list[Never]
    card: None
    poll: Poll | None
    quote_approval: NotRequired["QuoteApproval"]  # since 4.5
    text: NotRequired[str]  # of a deleted one
    # Where somebody is signed in:
    favourited: NotRequired[bool]
    reblogged: NotRequired[bool]
    muted: NotRequired[bool]
    bookmarked: NotRequired[bool]
    pinned: NotRequired[bool]
    filtered: NotRequired[list[Never]]


class QuoteApproval(TypedDict):
    """https://docs.joinmastodon.org/entities/QuoteApproval/"""

    automatic: list[str]
    manual: list[Never]
    current_user: str


class StatusSource(TypedDict):
    """https://docs.joinmastodon.org/entities/StatusSource/"""

    id: str
    text: str
    spoiler_text: str
    content_type: NotRequired[str]  # of glitch-soc, GoToSocial, Akkoma and Pleroma


class EditedPollOption(TypedDict):
    """https://docs.joinmastodon.org/entities/StatusEdit/#poll-options-title"""

    title: str


class EditedPoll(TypedDict):
    """https://docs.joinmastodon.org/entities/StatusEdit/#poll"""

    options: list[EditedPollOption]


class StatusEdit(TypedDict):
    """https://docs.joinmastodon.org/entities/StatusEdit/"""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: str
    account: Account
    media_attachments: list[MediaAttachment]
    emojis: list[Never]
    poll: NotRequired[EditedPoll]


class Context(TypedDict):
    """https://docs.joinmastodon.org/entities/Context/"""

    ancestors: list[Status]
    descendants: list[Status]


class Notification(TypedDict):
    """https://docs.joinmastodon.org/entities/Notification/"""

    id: str
    type: NotificationType
    created_at: str
    group_key: str
    account: Account
    status: NotRequired[Status]
    filtered: NotRequired[bool]


class Relationship(TypedDict):
    """https://docs.joinmastodon.org/entities/Relationship/, as far as there is anything of it."""

    id: str
    following: bool
    showing_reblogs: bool
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    requested: bool
    note: str
