"""What can be set about the sandbox server, and the values that Mastodon 4.4 has."""

from dataclasses import dataclass
from typing import Self

from sandbox.dialects import DIALECTS, MASTODON, Dialect, Streaming

MIB = 1024 * 1024

# What clients are told and what is enforced, where it can't be set.
# https://github.com/mastodon/mastodon/blob/v4.4.8/app/validators/status_length_validator.rb
LINK_CHARACTERS = 23  # every link counts as that many
# https://github.com/mastodon/mastodon/blob/v4.4.8/app/validators/poll_options_validator.rb
FEWEST_POLL_OPTIONS = 2
MOST_POLL_OPTIONS = 4
POLL_OPTION_CHARACTERS = 50  # announced only
# https://github.com/mastodon/mastodon/blob/v4.4.8/app/validators/poll_expiration_validator.rb
SHORTEST_POLL_SECONDS = 5 * 60  # announced only
LONGEST_POLL_SECONDS = 2_629_746  # a month as Rails counts it; announced only
NO_LIMIT = 1_000_000  # characters; as good as none


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Behaviour of one sandbox server. The defaults are Mastodon 4.4's own values."""

    # Where clients reach the server. None: as each request's Host header says, so that a bot in a
    # container (http://sandbox:3000) and a browser on the host both get links that they can open.
    public_url: str | None = None
    # https://github.com/mastodon/mastodon/blob/v4.4.8/streaming/index.js (streamToHttp)
    heartbeat_seconds: float = 15.0
    # Mastodon does both, GoToSocial WebSocket alone, some servers neither:
    # https://docs.joinmastodon.org/methods/streaming/
    streaming: Streaming = "both"
    # How long an audio or video file answers 206 after its upload.
    processing_seconds: float = 0.3
    # https://github.com/mastodon/mastodon/blob/v4.4.8/app/models/media_attachment.rb
    description_limit: int = 1500  # characters
    image_bytes: int = 16 * MIB
    video_bytes: int = 99 * MIB
    # Servers before 4.4 enforce the limit without announcing it:
    # https://docs.joinmastodon.org/entities/Instance/#description_limit
    announce_description_limit: bool = True
    # https://github.com/mastodon/mastodon/blob/v4.4.8/app/validators/status_length_validator.rb
    status_limit: int = 500  # characters, content warning included
    # https://docs.joinmastodon.org/entities/Instance/#max_media_attachments
    attachment_limit: int = 4
    # Whether a post may have a clip beside a picture, as on other servers; not on Mastodon:
    # https://github.com/mastodon/mastodon/blob/v4.4.8/app/services/post_status_service.rb
    takes_mixed_media: bool = False
    # Requests of one token (or, without one, of one address) in a window:
    # https://docs.joinmastodon.org/api/rate-limits/
    request_limit: int = 300
    request_window_seconds: int = 5 * 60
    # Posts and edits share this budget:
    # https://github.com/mastodon/mastodon/blob/v4.4.8/app/lib/rate_limiter.rb (statuses)
    posting_limit: int = 300
    posting_window_seconds: int = 3 * 60 * 60
    # Unix time in seconds from which the windows are counted. Mastodon counts from 0, so that a
    # window of three hours ends at 21:00 UTC, whatever is going on then.
    windows_from: float = 0.0
    default_language: str = "en"
    # Which server it is like; ``Settings.of`` sets with it what else the dialect says.
    dialect: Dialect = MASTODON

    @classmethod
    def of(cls, name: str, *, public_url: str | None = None) -> Self:
        """The settings of a server that is like one of ``sandbox.dialects.DIALECTS``.

        KeyError for one that is not among them.
        """
        dialect = DIALECTS[name]
        return cls(
            public_url=public_url,
            dialect=dialect,
            streaming=dialect.streaming,
            description_limit=dialect.limit if dialect.limit_holds else NO_LIMIT,
            announce_description_limit=dialect.limit_is_told != "no",
        )
