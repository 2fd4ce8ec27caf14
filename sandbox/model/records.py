"""The records that the sandbox keeps. Ids are Mastodon's: decimal strings that grow with time."""

from dataclasses import dataclass

from sandbox.model.entities import AttachmentType, MediaMeta, NotificationType, Visibility


@dataclass(frozen=True, kw_only=True)
class Account:
    """A local account and the tokens that speak for it."""

    id: str
    username: str
    display_name: str
    note: str
    bot: bool = False


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """An uploaded file; ``status_id`` is None until a status takes it."""

    id: str
    account_id: str
    type: AttachmentType
    file: str  # name in the media folder
    preview: str | None  # name in the media folder
    meta: MediaMeta
    ready_at: float  # Unix time in seconds: processed from then on
    failed: bool = False  # the file could not be read as what it says it is
    description: str | None = None
    focus: tuple[float, float] | None = None  # x and y, each -1.0 to 1.0
    status_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Poll:
    """A poll of a status. Nobody votes in the sandbox."""

    id: str
    options: tuple[str, ...]
    expires_at: float  # Unix time in seconds
    multiple: bool
    hide_totals: bool


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One entry of a status's edit history, with the descriptions as they were then."""

    created_at: float  # Unix time in seconds
    text: str
    spoiler_text: str
    sensitive: bool
    attachments: tuple[tuple[str, str | None], ...]  # id and description
    poll_options: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Status:
    """A post, or a boost when ``reblog_of`` is set. ``media_ids`` holds the order shown."""

    id: str
    account_id: str
    created_at: float  # Unix time in seconds
    text: str
    visibility: Visibility = "public"
    spoiler_text: str = ""
    sensitive: bool = False
    language: str | None = None
    media_ids: tuple[str, ...] = ()
    poll: Poll | None = None
    in_reply_to_id: str | None = None
    reblog_of: str | None = None
    quote_policy: str = "public"  # who may quote it: public, followers, nobody
    # Whether what its author typed was kept: of old posts Akkoma and Pleroma have the HTML alone.
    has_source: bool = True
    edited_at: float | None = None
    revisions: tuple[Revision, ...] = ()
    favourited_by: tuple[str, ...] = ()  # ids of accounts


DEMO_ACCOUNT = Account(
    id="109876543210000001",
    username="demo",
    display_name="Demo account",
    note="Posts clips and pictures. A bot describes them.",
)
# Somebody else, whose posts reach the demo account's home timeline.
NEIGHBOUR = Account(
    id="109876543210000002",
    username="neighbour",
    display_name="The neighbour",
    note="Followed by the demo account.",
)
# Two whom the demo account has nothing to do with.
PASSERBY = Account(
    id="109876543210000003",
    username="passerby",
    display_name="Somebody who passes by",
    note="Answers other people's posts.",
)
ROBOT = Account(
    id="109876543210000004",
    username="robot",
    display_name="Another bot",
    note="Answers whoever mentions it.",
    bot=True,
)
ACCOUNTS = {account.id: account for account in (DEMO_ACCOUNT, NEIGHBOUR, PASSERBY, ROBOT)}
# Who follows whom on the first day, by ids.
FOLLOWS = {DEMO_ACCOUNT.id: frozenset({NEIGHBOUR.id})}


@dataclass(frozen=True, kw_only=True)
class Notification:
    """Something that an account is told: that ``account_id`` mentions or follows it.

    ``filtered``: it waits among the requests of who is not known. That is the default for a direct
    message from somebody whom the account does not follow:
    https://github.com/mastodon/mastodon/blob/main/app/models/notification_policy.rb
    """

    id: str
    type: NotificationType
    to: str  # id of an account
    account_id: str
    created_at: float  # Unix time in seconds
    status_id: str | None = None
    filtered: bool = False


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What an account says of itself: plain text, and pairs of a name and a value."""

    note: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Token:
    """An access token: whose it is and what it may do."""

    account: Account
    scopes: tuple[str, ...] = ("read", "write")

    @property
    def may_write(self) -> bool:
        """Whether it may change posts."""
        return self.may("write:statuses")

    def may(self, scope: str) -> bool:
        """Whether it has a scope, such as ``read:follows``, by itself or as a whole."""
        return bool({scope, scope.partition(":")[0]} & set(self.scopes))


TOKENS = {
    "sandbox": Token(account=DEMO_ACCOUNT),
    "sandbox-read-only": Token(account=DEMO_ACCOUNT, scopes=("read",)),
    "sandbox-narrow": Token(
        account=DEMO_ACCOUNT, scopes=("read:accounts", "read:statuses", "write:statuses")
    ),
    "neighbour": Token(account=NEIGHBOUR),
    "passerby": Token(account=PASSERBY),
    "robot": Token(account=ROBOT),
}
