# size: a few lines for each key of seven sections
"""What an operator can configure: one frozen dataclass for each section of ``alternator.toml``.

Keys and defaults of the Rust bot that this one replaces are kept, so its files and variables stay
valid. A field's annotation is its type (a ``Literal`` is its set of values); its metadata says
what else the loader in ``alternator/config/load.py`` checks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from alternator.config.conduct import (
    MessageSettings,
    Mode,
    ModeSettings,
    OptOutSettings,
    PaceSettings,
    ReviewSettings,
)
from alternator.config.dashboard import DashboardSettings
from alternator.config.database import DatabaseSettings
from alternator.config.descriptions import DescriptionSettings
from alternator.config.metrics import MetricsSettings
from alternator.config.models import VisionSettings, WhisperSettings
from alternator.config.others import OthersSettings
from alternator.config.signup import SignupSettings
from alternator.config.tracing import TracingSettings
from alternator.config.values import Key, below_home, key, key_of
from alternator.config.worker import WorkerSettings
from alternator.log import LogFormat, LogLevel

# Which types are taken on unless the configuration says otherwise: what the Rust bot took, and
# the other pictures that there is a decoder for (alternator/media/decoder/opening.py).
DEFAULT_FORMATS = (
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/heic",
    "image/tiff",
    "image/bmp",
    "image/jxl",
    "audio/mpeg",
    "audio/mp3",
    "audio/wav",
    "audio/wave",
    "audio/x-wav",
    "audio/mp4",
    "audio/m4a",
    "audio/aac",
    "audio/ogg",
    "audio/webm",
    "audio/flac",
    "audio/3gpp",
    "audio/aiff",
    "audio/amr",
    "audio/amr-wb",
    "audio/ac3",
    "audio/eac3",
    "audio/basic",
    "audio/vnd.dts",
    "audio/x-caf",
    "audio/x-matroska",
    "audio/x-ms-wma",
    "audio/x-ms-xwma",
    "audio/x-wavpack",
    "audio/x-tta",
    "audio/x-ape",
    "audio/x-musepack",
    "audio/x-tak",
    "audio/x-dsf",
    "audio/x-dff",
    "audio/x-dss",
    "audio/x-voc",
    "audio/x-w64",
    "audio/x-nist",
    "video/mp4",
    "video/mpeg",
    "video/quicktime",
    "video/x-msvideo",
    "video/webm",
    "video/x-ms-wmv",
    "video/x-flv",
    "video/3gpp",
    "video/x-matroska",
    "video/ogg",
    "video/mp2t",
    "video/mxf",
    "video/dv",
    "application/vnd.rn-realmedia",
)

# Who may see a post: https://docs.joinmastodon.org/entities/Status/#visibility
VISIBILITIES = ("public", "unlisted", "private", "direct")


@dataclass(frozen=True, kw_only=True)
class MastodonSettings:
    """``[mastodon]``: the account whose posts are described."""

    instance_url: str = field(metadata=key("The account's server.", required=True, form="url"))
    access_token: str = field(
        repr=False,
        metadata=key(
            "Token of an application with the scopes `read:accounts read:statuses write:statuses` "
            "(`[others]` needs more).",
            secret=True,
            required=True,
        ),
    )
    user_stream: bool = field(
        default=True,
        metadata=key(
            "Follow the server's stream of events. `false`: only poll the account's posts."
        ),
    )
    backfill_count: int = field(
        default=25,
        metadata=key(
            "How many of the newest posts the first start looks at.", minimum=0, maximum=10_000
        ),
    )
    backfill_pause: int = field(
        default=1,
        metadata=key(
            "Seconds between two of those posts. The Rust bot waited 60.", minimum=0, maximum=3600
        ),
    )
    poll_interval_seconds: float = field(
        default=60.0,
        metadata=key(
            "Seconds between two looks at the account's posts, beside the stream or without it.",
            minimum=1,
            maximum=3600,
        ),
    )
    visibilities: tuple[str, ...] = field(
        default=VISIBILITIES[:3],
        metadata=key(
            "Which posts are described, by who may see them: some of `public`, `unlisted`, "
            "`private` (followers) and `direct` (those mentioned, and any other kind).",
            choices=VISIBILITIES,
        ),
    )
    mode: Mode = field(
        default="edit",
        metadata=key(
            "What is done with a text: `edit` the post; `dry-run` logs and keeps it; `review` "
            "waits until its author approves it; `reply` posts it as a reply. By visibility: "
            "`[modes]`."
        ),
    )


@dataclass(frozen=True, kw_only=True)
class MediaSettings:
    """``[media]``: which attachments are taken on."""

    max_size_mb: int = field(
        default=10, metadata=key("Largest picture, in MB (2^20 bytes).", minimum=1)
    )
    max_audio_size_mb: int = field(
        default=50, metadata=key("Largest audio file, in MB.", minimum=1)
    )
    max_video_size_mb: int = field(default=250, metadata=key("Largest video, in MB.", minimum=1))
    supported_formats: tuple[str, ...] = field(
        default=DEFAULT_FORMATS,
        metadata=key("Media types taken on, told by a file's content; others are left alone."),
    )
    resize_max_dimension: int = field(
        default=2048,
        metadata=key("Longest side of a picture as it is sent, in pixels.", minimum=64),
    )
    download_timeout_seconds: float = field(
        default=300.0,
        metadata=key(
            "Seconds that the download of an attachment may take.", minimum=1, maximum=3600
        ),
    )


@dataclass(frozen=True, kw_only=True)
class BalanceSettings:
    """``[balance]``: the money that is left at the endpoint."""

    enabled: bool = field(
        default=False,
        metadata=key(
            "Look once a day how much money is left at the endpoint, where it reports that "
            "(OpenRouter), and send a direct message if it is too little. The Rust bot's default "
            "was `true`."
        ),
    )
    threshold: float = field(
        default=5.0, metadata=key("Money left, in USD, below which that is said.", minimum=0)
    )
    check_time: str = field(
        default="12:00", metadata=key("When to look, HH:MM by the local time.", form="time")
    )


@dataclass(frozen=True, kw_only=True)
class LoggingSettings:
    """``[logging]``."""

    level: LogLevel = field(default="info", metadata=key("Least level that is logged."))
    format: LogFormat = field(
        default="text",
        metadata=key("`text` for people, or `json`: an object a line, for what collects logs."),
    )


@dataclass(frozen=True, kw_only=True)
class StateSettings:
    """``[state]``: what the bot remembers between two starts."""

    directory: Path = field(
        default_factory=lambda: below_home("~/.local/state/alternator"),
        metadata=key(
            "Directory of the state file and of downloads in work. `ALTERNATOR_STATE_DIR` also "
            "sets it."
        ),
    )


@dataclass(frozen=True, kw_only=True)
class HealthSettings:
    """``[health]``: where ``GET /health`` answers."""

    host: str = field(default="127.0.0.1", metadata=key("Address to listen on."))
    port: int = field(
        default=8765,
        metadata=key("Port to listen on. 0: no health answer.", minimum=0, maximum=65535),
    )


@dataclass(frozen=True, kw_only=True)
class Config:
    """The whole configuration of an account; ``notices`` are lines for the log at start.

    ``account`` is its name where there are several, else ''.
    """

    mastodon: MastodonSettings
    modes: ModeSettings = field(default_factory=ModeSettings)
    review: ReviewSettings = field(default_factory=ReviewSettings)
    opt_out: OptOutSettings = field(default_factory=OptOutSettings)
    pace: PaceSettings = field(default_factory=PaceSettings)
    messages: MessageSettings = field(default_factory=MessageSettings)
    others: OthersSettings = field(default_factory=OthersSettings)
    vision: VisionSettings = field(default_factory=VisionSettings)
    descriptions: DescriptionSettings = field(default_factory=DescriptionSettings)
    media: MediaSettings = field(default_factory=MediaSettings)
    balance: BalanceSettings = field(default_factory=BalanceSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    whisper: WhisperSettings = field(default_factory=WhisperSettings)
    state: StateSettings = field(default_factory=StateSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    dashboard: DashboardSettings = field(default_factory=DashboardSettings)
    signup: SignupSettings = field(default_factory=SignupSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    tracing: TracingSettings = field(default_factory=TracingSettings)
    account: str = ""
    notices: tuple[str, ...] = ()


# By their names in the file and in the variables, which are those of Config's fields too. A new
# section needs a row here, a field there, and its table in docs/configuration.md.
SECTIONS: Mapping[str, type] = {
    "mastodon": MastodonSettings,
    "modes": ModeSettings,
    "review": ReviewSettings,
    "opt_out": OptOutSettings,
    "pace": PaceSettings,
    "messages": MessageSettings,
    "others": OthersSettings,
    "vision": VisionSettings,
    "descriptions": DescriptionSettings,
    "media": MediaSettings,
    "balance": BalanceSettings,
    "logging": LoggingSettings,
    "whisper": WhisperSettings,
    "state": StateSettings,
    "database": DatabaseSettings,
    "health": HealthSettings,
    "dashboard": DashboardSettings,
    "signup": SignupSettings,
    "metrics": MetricsSettings,
    "worker": WorkerSettings,
    "tracing": TracingSettings,
}


def keys_of(cls: type) -> dict[str, Key]:
    """The keys of a section, by their names in it."""
    return {field.name: key_of(field) for field in fields(cls)}
