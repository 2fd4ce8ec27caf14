"""What is in a Whisper checkpoint, whichever form it came in.

https://github.com/openai/whisper/blob/v20250625/whisper/model.py (ModelDimensions, Whisper)
"""

from pathlib import Path

from alternator.errors import ModelError
from alternator.models.dimensions import Dimensions
from alternator.models.forms import ctranslate2, hugging_face, openai
from alternator.models.weights import Checkpoint

__all__ = ["Checkpoint", "Dimensions", "read_checkpoint"]

# What begins files of others, https://github.com/ggml-org/whisper.cpp/blob/v1.8.0/src/whisper.cpp
# (GGML_FILE_MAGIC, little-endian) and https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
FOREIGN = {b"lmgg": "of whisper.cpp (ggml)", b"GGUF": "in the form GGUF"}


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file or a directory, of openai-whisper, Hugging Face or CTranslate2.

    Only weights are unpickled, never code. The weights stay in the file until they are used; those
    that are kept as int8 or int16 become float16 as they are asked for. ModelError says which form
    it seems to be, and what is wrong with it.
    """
    if path.is_dir():
        return read_directory(path)
    if not path.exists():
        raise ModelError(f"there is no Whisper checkpoint {path}; correct the path")
    refuse_foreign(path)
    return openai.read(path)


def read_directory(path: Path) -> Checkpoint:
    """The checkpoint in a directory."""
    if (path / ctranslate2.FILE).is_file():
        return ctranslate2.read(path)
    if (path / hugging_face.CONFIG).is_file() or hugging_face.has_weights(path):
        return hugging_face.read(path)
    files = sorted(file.name for file in path.glob("*.pt"))
    named = f"; name the checkpoint in it ({', '.join(files[:3])})" if files else ""
    raise ModelError(
        f"{path} is a directory without a model{named}: neither Hugging Face's (config.json, "
        f"model.safetensors) nor CTranslate2's (model.bin) is in it"
    )


def refuse_foreign(path: Path) -> None:
    """ModelError for a file of another form, which it names."""
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise ModelError(
            f"the Whisper checkpoint {path} can't be read: {error.strerror}; make it readable"
        ) from None
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            raise ModelError(
                f"{path} is a model {what}, which is made from the original and can't be used "
                f"here; name the original, in one of openai-whisper's names or as its directory"
            )
    beside = path.suffix == ".safetensors" or path.name in (ctranslate2.FILE, "pytorch_model.bin")
    if beside and (path.parent / "config.json").is_file():
        raise ModelError(f"{path} is part of a model; name the directory that it is in")
    if path.suffix == ".safetensors":
        raise ModelError(
            f"{path} holds weights without their dimensions; put the model's config.json beside "
            f"it, and name the directory"
        )
