"""A model in the form that each engine reads, made once."""

from pathlib import Path

from bench.whisper import ctranslate2_format, ggml_format, hugging_face_format, weights
from bench.whisper.engines import Kind
from bench.whisper.ggml_format import Precision
from tests.real.speech import folder


def recited(name: str) -> Path:
    """The checkpoint of these dimensions that recites one text."""
    target = folder() / "recited"
    target.mkdir(parents=True, exist_ok=True)
    return weights.make(name, target / f"{name}.pt")


def form(checkpoint: Path, kind: Kind, precision: str = "float32") -> Path:
    """The checkpoint as an engine reads it; written beside it if it is not there yet."""
    beside = checkpoint.parent / f"bench-{checkpoint.stem}"
    match kind:
        case "alternator" | "openai":
            return checkpoint
        case "faster":
            return ctranslate2_format.convert(checkpoint, beside.with_name(f"{beside.name}-ct2"))
        case "transformers":
            return hugging_face_format.convert(checkpoint, beside.with_name(f"{beside.name}-hf"))
        case "cpp":
            bits: Precision = "q8_0" if precision == "int8" else "f16"
            file = beside.with_name(f"{beside.name}-{bits}.bin")
            return ggml_format.convert(checkpoint, file, bits)
