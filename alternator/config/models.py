"""What an operator can configure of the models: ``[openrouter]`` and ``[whisper]``."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from alternator.config.values import below_home, key

Backend = Literal["auto", "cpu", "cuda", "rocm"]
Task = Literal["transcribe", "translate"]
ComputeType = Literal["auto", "float32", "float16", "bfloat16", "int8"]

# The vision and text models are the ones that the Rust bot named.
DEFAULT_MODEL = "mistralai/mistral-small-3.2-24b-instruct:free"
DEFAULT_BASE_URL = "https://openrouter.ai/api/v1"


@dataclass(frozen=True, kw_only=True)
class VisionSettings:
    """``[openrouter]``: an endpoint that speaks OpenAI's chat completions.

    The section has the Rust bot's name, which is the one of one provider among many.
    """

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
        default=DEFAULT_MODEL,
        metadata=key("The model for pictures and text if not told apart.", form="model"),
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

    @property
    def vision_models(self) -> tuple[str, ...]:
        """The models for pictures, in the order in which they are asked."""
        return distinct(self.vision_model or self.model, self.vision_fallback_model)

    @property
    def text_models(self) -> tuple[str, ...]:
        """The models that shorten transcripts, in the order in which they are asked."""
        return distinct(self.text_model or self.model, self.text_fallback_model)


@dataclass(frozen=True, kw_only=True)
class WhisperSettings:
    """``[whisper]``: speech in audio and video."""

    enabled: bool = field(
        default=True, metadata=key("Describe audio and video. The Rust bot's default was `false`.")
    )
    engine: str = field(
        default="auto",
        metadata=key(
            "The speech engine: `auto`, or the name of one that is installed (`openai`: "
            "openai-whisper)."
        ),
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


def distinct(*models: str) -> tuple[str, ...]:
    """The models that have a name, each once."""
    return tuple(dict.fromkeys(model for model in models if model))
