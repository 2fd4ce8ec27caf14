"""The instance as https://docs.joinmastodon.org/entities/Instance/ and V1_Instance/ have it.

Sizes of files in bytes, of pictures in pixels, lengths in characters, times in seconds.
"""

from typing import Never, NotRequired, TypedDict

from sandbox.model.entities import Account


class AccountLimits(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#accounts"""

    max_featured_tags: int
    max_pinned_statuses: int


class StatusLimits(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#statuses"""

    max_characters: int
    max_media_attachments: int
    characters_reserved_per_url: int


class MediaLimits(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#media_attachments"""

    supported_mime_types: list[str]
    image_size_limit: int
    image_matrix_limit: int
    video_size_limit: int
    video_frame_rate_limit: int
    video_matrix_limit: int
    description_limit: NotRequired[int]  # since 4.4


class PollLimits(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#polls"""

    max_options: int
    max_characters_per_option: int
    min_expiration: int
    max_expiration: int


class Limits(TypedDict):
    """What both versions announce."""

    accounts: AccountLimits
    statuses: StatusLimits
    media_attachments: MediaLimits
    polls: PollLimits


class Urls(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#urls"""

    streaming: str | None
    status: None


class Vapid(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#vapid_public_key"""

    public_key: str


class Translation(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#translation"""

    enabled: bool


class Configuration(Limits):
    """https://docs.joinmastodon.org/entities/Instance/#configuration"""

    urls: Urls
    vapid: Vapid
    translation: Translation
    limited_federation: bool


class UsersInUsage(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#users"""

    active_month: int


class Usage(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#usage"""

    users: UsersInUsage


class Thumbnail(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#thumbnail"""

    url: str


class Registrations(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#registrations-enabled"""

    enabled: bool
    approval_required: bool
    message: None


class Contact(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#contact"""

    email: str
    account: Account


class ApiVersions(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/#api-versions"""

    mastodon: int


class Instance(TypedDict):
    """https://docs.joinmastodon.org/entities/Instance/"""

    domain: str
    title: str
    version: str
    source_url: str
    description: str
    usage: Usage
    thumbnail: Thumbnail
    icon: list[Never]
    languages: list[str]
    configuration: Configuration
    registrations: Registrations
    api_versions: NotRequired[ApiVersions]  # since 4.3
    contact: Contact
    rules: list[Never]
    description_limit: NotRequired[int]  # Akkoma's and Pleroma's


class V1Urls(TypedDict):
    """https://docs.joinmastodon.org/entities/V1_Instance/#urls"""

    streaming_api: str | None


class Stats(TypedDict):
    """https://docs.joinmastodon.org/entities/V1_Instance/#stats"""

    user_count: int
    status_count: int
    domain_count: int


class V1Instance(TypedDict):
    """https://docs.joinmastodon.org/entities/V1_Instance/"""

    uri: str
    title: str
    short_description: str
    description: str
    email: str
    version: str
    urls: V1Urls
    stats: Stats
    thumbnail: None
    languages: list[str]
    registrations: bool
    approval_required: bool
    invites_enabled: bool
    configuration: Limits
    contact_account: Account
    rules: list[Never]
    description_limit: NotRequired[int]  # Akkoma's and Pleroma's


class NodeinfoLink(TypedDict):
    """https://nodeinfo.diaspora.software/protocol"""

    rel: str
    href: str


class NodeinfoLinks(TypedDict):
    """``/.well-known/nodeinfo``"""

    links: list[NodeinfoLink]


class NodeinfoSoftware(TypedDict):
    """https://nodeinfo.diaspora.software/schema"""

    name: str
    version: str


class Nodeinfo(TypedDict):
    """https://nodeinfo.diaspora.software/schema, as far as there is something to say."""

    version: str
    software: NodeinfoSoftware
    protocols: list[str]
