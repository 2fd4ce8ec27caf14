"""What an operator can configure: one frozen dataclass for each section of ``alternator.toml``.

Keys and defaults of the Rust bot that this one replaces are kept, so its files and variables stay
valid. A field's annotation is its type (a ``Literal`` is its set of values); its metadata says
what else the loader in ``alternator/config_load.py`` checks.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from alternator.config_values import below_home, key

Backend = Literal["auto", "cpu", "cuda", "rocm"]
LogLevel = Literal["error", "warn", "info", "debug", "trace"]
Task = Literal["transcribe", "translate"]

# The vision and text models are the ones that the Rust bot named.
DEFAULT_MODEL = "mistralai/mistral-small-3.2-24b-instruct:free"
DEFAULT_BASE_URL = "https://openrouter.ai/api/v1"

SUPPORTED_FORMATS = (
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
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
    "video/mp4",
    "video/mpeg",
    "video/quicktime",
    "video/x-msvideo",
    "video/webm",
    "video/x-ms-wmv",
    "video/x-flv",
    "video/3gpp",
    "video/x-matroska",
)


@dataclass(frozen=True, kw_only=True)
class MastodonSettings:
    """``[mastodon]``: the account whose posts are described."""

    instance_url: str = field(metadata=key("The account's server.", required=True, form="url"))
    access_token: str = field(
        repr=False,
        metadata=key(
            "Token of an application with the scopes `read:accounts read:statuses write:statuses`.",
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
            "How many of the newest posts the first start looks at.", minimum=0, maximum=100
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


@dataclass(frozen=True, kw_only=True)
class OpenRouterSettings:
    """``[openrouter]``: an endpoint that speaks OpenAI's chat completions."""

    api_key: str | None = field(
        default=None,
        repr=False,
        metadata=key(
            "Key of the endpoint. Without it, and without a `base_url` of your own, pictures "
            "are not described.",
            secret=True,
        ),
    )
    model: str = field(
        default=DEFAULT_MODEL, metadata=key("The model for pictures and text if not told apart.")
    )
    vision_model: str | None = field(
        default=None, metadata=key("The model for pictures. Default: `model`.")
    )
    vision_fallback_model: str = field(
        default="google/gemma-3-27b-it:free",
        metadata=key("Asked when the first one's provider fails. Empty: none."),
    )
    text_model: str | None = field(
        default=None,
        metadata=key(
            "The model that shortens transcripts over the server's limit. Default: `model`."
        ),
    )
    text_fallback_model: str = field(
        default="moonshotai/kimi-k2:free",
        metadata=key("Asked when the first one's provider fails. Empty: none."),
    )
    base_url: str = field(
        default=DEFAULT_BASE_URL,
        metadata=key("Where the endpoint is, up to `/v1` included.", form="url"),
    )
    max_tokens: int = field(
        default=1500, metadata=key("Upper bound of an answer, in tokens.", minimum=1)
    )
    timeout_seconds: float = field(
        default=60.0, metadata=key("Seconds to wait for an answer.", minimum=1, maximum=600)
    )

    @property
    def enabled(self) -> bool:
        """Whether there is an endpoint to ask: a key, or an own one that may not need any."""
        return self.api_key is not None or self.base_url != DEFAULT_BASE_URL


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
        default=SUPPORTED_FORMATS,
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
    """``[balance]``: accepted for the Rust bot's sake."""

    enabled: bool = field(
        default=True, metadata=key("Watch the balance.", unused="the balance is not watched")
    )
    threshold: float = field(
        default=5.0,
        metadata=key(
            "Balance in USD to warn below.", minimum=0, unused="the balance is not watched"
        ),
    )
    check_time: str = field(
        default="12:00",
        metadata=key("When to look, HH:MM.", form="time", unused="the balance is not watched"),
    )


@dataclass(frozen=True, kw_only=True)
class LoggingSettings:
    """``[logging]``."""

    level: LogLevel = field(default="info", metadata=key("Least level that is logged."))


@dataclass(frozen=True, kw_only=True)
class WhisperSettings:
    """``[whisper]``: speech in audio and video."""

    enabled: bool = field(
        default=True, metadata=key("Describe audio and video. The Rust bot's default was `false`.")
    )
    model: str = field(
        default="base",
        metadata=key("Name of one of openai-whisper's models, or the path of a checkpoint."),
    )
    model_dir: Path = field(
        default_factory=lambda: below_home("~/.alternator/models"),
        metadata=key("Where models are kept and downloaded to."),
    )
    language: str | None = field(
        default=None,
        metadata=key("Language of the speech (`en`, `de`, ...). Default, and `auto`: detected."),
    )
    task: Task = field(
        default="transcribe",
        metadata=key("`transcribe` in the language spoken, or `translate` into English."),
    )
    device: Backend = field(
        default="auto",
        metadata=key("`auto` takes what the probe proved; `rocm` and `cuda` are both GPUs."),
    )
    backend: Backend = field(default="auto", metadata=key("As `device`; what `device` says wins."))
    max_duration_minutes: int = field(
        default=10,
        metadata=key(
            "Longest clip in minutes; longer ones are left alone. 0: no limit.", minimum=0
        ),
    )
    preload: bool = field(
        default=True, metadata=key("Load the model at start rather than for the first clip.")
    )
    python_executable: str = field(
        default="python3",
        metadata=key("Python with openai-whisper.", unused="Whisper runs in the bot's own Python"),
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
    """The whole configuration; ``notices`` are lines for the log at start."""

    mastodon: MastodonSettings
    openrouter: OpenRouterSettings = field(default_factory=OpenRouterSettings)
    media: MediaSettings = field(default_factory=MediaSettings)
    balance: BalanceSettings = field(default_factory=BalanceSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    whisper: WhisperSettings = field(default_factory=WhisperSettings)
    state: StateSettings = field(default_factory=StateSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    notices: tuple[str, ...] = ()


SECTIONS: dict[str, type] = {
    "mastodon": MastodonSettings,
    "openrouter": OpenRouterSettings,
    "media": MediaSettings,
    "balance": BalanceSettings,
    "logging": LoggingSettings,
    "whisper": WhisperSettings,
    "state": StateSettings,
    "health": HealthSettings,
}
