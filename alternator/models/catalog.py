"""openai-whisper's models by their names, as ``catalog.toml`` has them. Imports no torch."""

import base64
import functools
import gzip
import tomllib
from dataclasses import dataclass
from pathlib import Path

from alternator.models.dimensions import Dimensions

TABLE = Path(__file__).with_name("catalog.toml")
AUDIO_CONTEXT, TEXT_CONTEXT = 1500, 448  # positions; the same in all of them


@dataclass(frozen=True, kw_only=True)
class NamedModel:
    """A model that openai-whisper knows by name. ``size`` is its file's, in bytes.

    ``alignment_heads`` are (layer, head) of the decoder whose attention follows the sound.
    """

    name: str
    aliases: tuple[str, ...]
    sha256: str
    size: int
    dimensions: Dimensions
    alignment_heads: tuple[tuple[int, int], ...]

    @property
    def file(self) -> str:
        """What its file is called."""
        return f"{self.name}.pt"

    def addresses(self, mirror: str | None) -> tuple[str, ...]:
        """Where it is to be had, in the order in which to ask.

        A mirror has the files as OpenAI's server has them, each in a folder of its hash, or side
        by side.
        """
        if mirror is None:
            return (f"{original_address()}/{self.sha256}/{self.file}",)
        base = mirror.rstrip("/")
        return f"{base}/{self.sha256}/{self.file}", f"{base}/{self.file}"


def find(name: str) -> NamedModel | None:
    """The model of that name or alias, None if openai-whisper has none."""
    found = (model for model in models() if name == model.name or name in model.aliases)
    return next(found, None)


def names() -> tuple[str, ...]:
    """All names, aliases last."""
    listed = models()
    aliases = [alias for model in listed for alias in model.aliases]
    return (*(model.name for model in listed), *aliases)


@functools.cache
def models() -> tuple[NamedModel, ...]:
    """All models, smallest first."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["model"]
    return tuple(
        NamedModel(
            name=row["name"],
            aliases=tuple(row.get("aliases", ())),
            sha256=row["sha256"],
            size=row["bytes"],
            dimensions=Dimensions(
                n_mels=row["mels"],
                n_audio_ctx=AUDIO_CONTEXT,
                n_audio_state=row["state"],
                n_audio_head=row["heads"],
                n_audio_layer=row["audio_layers"],
                n_vocab=row["vocabulary"],
                n_text_ctx=TEXT_CONTEXT,
                n_text_state=row["state"],
                n_text_head=row["heads"],
                n_text_layer=row["text_layers"],
            ),
            alignment_heads=unpacked(row["alignment_heads"], row["heads"]),
        )
        for row in rows
    )


@functools.cache
def original_address() -> str:
    """Where OpenAI keeps them."""
    return str(tomllib.loads(TABLE.read_text(encoding="utf-8"))["address"])


def unpacked(packed: str, heads: int) -> tuple[tuple[int, int], ...]:
    """(layer, head) of each head that openai-whisper's packed table marks."""
    marks = gzip.decompress(base64.b85decode(packed))
    return tuple(divmod(place, heads) for place, mark in enumerate(marks) if mark)
