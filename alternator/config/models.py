# size: a few lines for each key of two sections
"""What an operator can configure of the models: ``[vision]`` and ``[whisper]``."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from alternator.config.values import below_home, key

Backend = Literal["auto", "cpu", "cuda", "rocm", "mps"]
Task = Literal["transcribe", "translate"]
ComputeType = Literal["auto", "float32", "float16", "bfloat16", "int8"]

# The engine that asks a server.
SERVER_ENGINE = "openai-api"

# The Rust bot's default; here it stands for the Python that the bot itself runs in.
OWN_PYTHON = "python3"

# The vision and text models are the ones that the Rust bot named.
DEFAULT_MODEL = "mistralai/mistral-small-3.2-24b-instruct:free"
DEFAULT_BASE_URL = "https://openrouter.ai/api/v1"


@dataclass(frozen=True, kw_only=True)
class VisionSettings:
    """``[vision]``: an endpoint that speaks OpenAI's chat completions.

    ``[openrouter]``, its name in files of the Rust bot, is the one of one provider among many.
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

    daily_tokens: int = field(
        default=0,
        metadata=key(
            "Tokens that all models may use in a day (UTC), those of all accounts together, as the "
            "endpoint counts them; what has to be looked at then waits for the next day "
            "([descriptions.md](descriptions.md#when-the-endpoint-fails)). 0: no limit.",
            minimum=0,
        ),
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
        default=True,
        metadata=key(
            "Hear what is said in audio and video. `false`: audio is left alone, and of a video "
            "only what is seen is described. The Rust bot's default was `false`."
        ),
    )
    engine: str = field(
        default="auto",
        metadata=key(
            "What turns speech into text: `auto` takes what suits, `alternator` computes many "
            "windows at once, `openai` is openai-whisper itself, `openai-api` asks a server; or "
            "the name of another that is installed ([engines.md](engines.md))."
        ),
    )
    fallback_engines: tuple[str, ...] = field(
        default=(),
        metadata=key(
            "Engines to take, one after the other, where `engine` can't: its server is away, its "
            "model can't be loaded, it has no such option."
        ),
    )
    server_url: str | None = field(
        default=None,
        metadata=key(
            "A server that speaks OpenAI's audio API, up to `/v1` included: it is asked first, and "
            "`engine` while it is away. With `openai-api` among the engines: where that one asks.",
            form="url",
        ),
    )
    server_token: str | None = field(
        default=None, repr=False, metadata=key("Token or key of that server.", secret=True)
    )
    server_model: str | None = field(
        default=None, metadata=key("What that server calls its model. Default: `model`.")
    )
    server_timeout_seconds: float = field(
        default=300.0,
        metadata=key(
            "Seconds that server may take for an answer about up to 12 min of sound.",
            minimum=1,
            maximum=86_400,
        ),
    )
    model: str = field(
        default="base",
        metadata=key(
            "Name of one of openai-whisper's models or of one of your own, or the path of a "
            "checkpoint or a model's directory."
        ),
    )
    model_dir: Path = field(
        default_factory=lambda: below_home("~/.alternator/models"),
        metadata=key("Where models are kept and downloaded to."),
    )
    model_mirror: str | None = field(
        default=None,
        metadata=key(
            "Where models are downloaded from. Default, and `auto`: OpenAI's server.", form="url"
        ),
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
        metadata=key(
            "`auto` takes what the probe proved; `rocm` and `cuda` are both GPUs; `mps`, the GPU "
            "of a Mac, has never been tried."
        ),
    )
    backend: Backend = field(default="auto", metadata=key("As `device`; what `device` says wins."))
    compute_type: ComputeType = field(
        default="auto",
        metadata=key(
            "Precision: `float32`, `float16`, `bfloat16`, `int8`, or `auto`: `float16` on a GPU "
            "(`float32` on NVIDIA's Pascal and before), `int8` on an x86-64 CPU, else `float32`. "
            "`openai`, `openai-api` and `whisper.cpp` take no notice of it."
        ),
    )
    batch_size: int = field(
        default=0,
        metadata=key(
            "The most windows of up to 30 s that are computed together. 0: as many as pay and the "
            "free memory bears. `openai-api`: files under way at once. `openai` and `whisper.cpp` "
            "take no notice of it.",
            minimum=0,
            maximum=1024,
        ),
    )
    workers: int = field(
        default=0,
        metadata=key(
            "Processes that transcribe, each with a model of its own. 0: one for each GPU, or one "
            "on the CPU, with all of its cores.",
            minimum=0,
            maximum=64,
        ),
    )
    vad: bool | None = field(
        default=None,
        metadata=key(
            "Find speech first and hear nothing else. Default, and `auto`: as the engine does "
            "best. Some engines can't."
        ),
    )
    min_confidence: float = field(
        default=0.0,
        metadata=key(
            "A transcript whose confidence is below this, from 0 to 1, is withheld. 0: none is. "
            "Only `alternator` tells one, here or behind `alternator serve`.",
            minimum=0,
            maximum=1,
        ),
    )
    name_speakers: bool = field(
        default=False,
        metadata=key(
            'Say who speaks in transcripts of conversations: "Speaker 1: ...". Needs the weights '
            "that `alternator models speakers` fetches."
        ),
    )
    max_duration_minutes: int = field(
        default=10,
        metadata=key(
            "Longest clip in minutes. Longer audio is left alone; of a longer video what is seen "
            "is described, where there is an endpoint. 0: no limit.",
            minimum=0,
        ),
    )
    preload: bool = field(
        default=True, metadata=key("Load the model at start rather than for the first clip.")
    )
    idle_unload_minutes: float = field(
        default=0.0,
        metadata=key(
            "After so many minutes without work the model is unloaded, and its memory given back; "
            "the next clip loads it again. 0: never.",
            minimum=0,
            maximum=100_000,
        ),
    )
    python_executable: str = field(
        default=OWN_PYTHON,
        metadata=key(
            "The Python that the model runs in. `python3` is the bot's own; another one must have "
            "torch and openai-whisper."
        ),
    )

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines' names in the order in which they are asked."""
        names = distinct(self.engine, *self.fallback_engines)
        if self.server_url is not None and SERVER_ENGINE not in names:
            return (SERVER_ENGINE, *names)
        return names


def distinct(*models: str) -> tuple[str, ...]:
    """The models that have a name, each once."""
    return tuple(dict.fromkeys(model for model in models if model))
