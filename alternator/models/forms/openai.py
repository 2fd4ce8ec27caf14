"""A file of openai-whisper's, or any other that ``torch.save`` wrote with Whisper's weights in it.

https://github.com/openai/whisper/blob/v20250625/whisper/__init__.py (load_model): the file holds
``{"dims": …, "model_state_dict": …}``. Trainers add keys, call the weights otherwise, put a prefix
before each name, leave the dimensions out, or save Hugging Face's network: all of that is read.

Only weights are unpickled, never code (``weights_only``).
"""

import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import torch

from alternator.errors import ModelError
from alternator.models.dimensions import HEAD_WIDTH, Dimensions, expected_shapes
from alternator.models.forms.facts import alignment_heads_in
from alternator.models.forms.hugging_face_names import THEIR_EMBEDDING, ours
from alternator.models.forms.whole import EMBEDDING, check_dimensions, some, whole
from alternator.models.weights import Checkpoint, Weight, here

FORM = "openai-whisper checkpoint"
OTHER_FORM = "checkpoint with Whisper's weights"
WEIGHTS, DIMENSIONS, HEADS = "model_state_dict", "dims", "alignment_heads"
DEPTH = 3  # of dictionaries in each other, to look for the weights in
ZIP = b"PK\x03\x04"
# Part of the network, and made anew with it:
# https://github.com/openai/whisper/blob/v20250625/whisper/model.py
MADE_ANEW = ("decoder.mask", "alignment_heads")

Tensors = Mapping[str, torch.Tensor]


def read(path: Path) -> Checkpoint:
    """The checkpoint in such a file. ModelError if it is none, or not whole."""
    content = unpickled(path)
    found = tensors_in(content)
    if found is None:
        raise ModelError(
            f"{path} is no openai-whisper checkpoint: there are no weights of Whisper in it; name "
            f"another file in [whisper] model"
        )
    place, tensors = found
    entries, prefixed = by_our_names(tensors)
    notes = []
    if place != WEIGHTS:
        notes.append(f"its weights stand under {place!r}" if place else "it is the weights alone")
    dimensions = dimensions_in(content, path)
    if dimensions is None:
        dimensions = derived(entries, path)
        notes.append("its dimensions are told by its weights")
    check_dimensions(dimensions, path)
    more = sorted(set(entries) - set(expected_shapes(dimensions)) - set(MADE_ANEW))
    if more:
        notes.append(f"passed over, since Whisper has no such weights: {some(more)}")
    checkpoint = Checkpoint(
        dimensions=dimensions,
        weights={},
        alignment_heads=alignment_heads_in(content) if isinstance(content, Mapping) else None,
        form=FORM if place == WEIGHTS and not prefixed else OTHER_FORM,
        notes=tuple(notes),
    )
    return whole(checkpoint, entries, source=path)


def unpickled(path: Path) -> object:
    """What ``torch.save`` put into the file; its tensors stay in the file until they are used.

    ModelError for a file that can't be read, is damaged, or holds more than data.
    """
    try:
        with path.open("rb") as file:
            mappable = file.read(len(ZIP)) == ZIP
        # Files of before torch 1.6 are no archives, and can't be mapped.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mappable)
    except MemoryError:
        raise
    except OSError as error:
        raise ModelError(
            f"the Whisper checkpoint {path} can't be read: {error.strerror or error}; make it "
            f"readable"
        ) from None
    except pickle.UnpicklingError as error:
        raise ModelError(unsafe(path, str(error))) from None
    except (
        RuntimeError,
        zipfile.BadZipFile,
        EOFError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
        AttributeError,
        AssertionError,
    ) as error:
        # What torch.load raises on files of all kinds.
        if "allocate memory" in str(error):
            raise MemoryError(str(error)) from None
        raise ModelError(damaged(path)) from None


def unsafe(path: Path, words: str) -> str:
    """For a pickle that ``weights_only`` refused, in torch's words."""
    named = re.search(r"GLOBAL ([\w.]+)", words)
    if named is None:
        return damaged(path)
    return (
        f"{path} holds more than weights, namely {named[1]}, which could run a program and is not "
        f"read: it is no Whisper checkpoint, or a trainer's with Python objects in it; save the "
        f"weights alone (torch.save of the state_dict)"
    )


def damaged(path: Path) -> str:
    """For a file that torch can't make sense of."""
    return (
        f"{path} is damaged, or no openai-whisper checkpoint; remove it, and copy or convert it "
        f"again"
    )


def tensors_in(content: object, depth: int = DEPTH) -> tuple[str, Tensors] | None:
    """Where in the content Whisper's weights are (the keys down to them, joined), and they."""
    if not isinstance(content, Mapping):
        return None
    tensors = {
        name: value
        for name, value in content.items()
        if isinstance(name, str) and isinstance(value, torch.Tensor)
    }
    if prefix_in(tensors) is not None:
        return "", tensors
    # openai-whisper's own key before all others: a trainer may keep averages beside them.
    for key in sorted(content, key=lambda key: key != WEIGHTS) if depth else ():
        if (found := tensors_in(content[key], depth - 1)) is not None:
            return f"{key}.{found[0]}".rstrip("."), found[1]
    return None


def prefix_in(tensors: Tensors) -> tuple[str, bool] | None:
    """What stands before each name, and whether the names are Hugging Face's. None: not Whisper."""
    for theirs, ending in ((False, EMBEDDING), (True, THEIR_EMBEDDING)):
        for name in tensors:
            if name == ending or name.endswith(f".{ending}"):
                return name.removesuffix(ending), theirs
    return None


def by_our_names(tensors: Tensors) -> tuple[dict[str, Weight], bool]:
    """The weights by openai-whisper's names, and whether they had others."""
    found = prefix_in(tensors)
    assert found is not None, "tensors_in() found one"
    prefix, theirs = found
    names = {name: name.removeprefix(prefix) for name in tensors}
    if theirs:
        names = {name: ours(bare) or bare for name, bare in names.items()}
    entries = {names[name]: here(tensor) for name, tensor in tensors.items()}
    return entries, bool(prefix) or theirs


def dimensions_in(content: object, path: Path) -> Dimensions | None:
    """The dimensions that the file tells, None where it tells none."""
    told = content.get(DIMENSIONS) if isinstance(content, Mapping) else None
    if told is None:
        return None
    known = [field.name for field in fields(Dimensions)]
    if not isinstance(told, Mapping) or (lacking := [name for name in known if name not in told]):
        what = f"lack {', '.join(lacking)}" if isinstance(told, Mapping) else "are none"
        raise ModelError(f"{path} is no openai-whisper checkpoint: its dimensions {what}")
    return Dimensions(**{name: told[name] for name in known})


def derived(entries: Mapping[str, Weight], path: Path) -> Dimensions:
    """The dimensions that such weights have. The number of heads shows in no shape: OpenAI's are
    64 wide, in every model."""

    def shape(name: str, rank: int) -> tuple[int, ...]:
        if name not in entries or len(entries[name].shape) != rank:
            raise ModelError(
                f"{path} is no whole Whisper model: it lacks {name}; copy it again, or convert it "
                f"from where it was trained"
            )
        return entries[name].shape

    audio, mels, _ = shape("encoder.conv1.weight", 3)
    vocabulary, text = shape(EMBEDDING, 2)
    return Dimensions(
        n_mels=mels,
        n_audio_ctx=shape("encoder.positional_embedding", 2)[0],
        n_audio_state=audio,
        n_audio_head=max(audio // HEAD_WIDTH, 1),
        n_audio_layer=layers(entries, "encoder"),
        n_vocab=vocabulary,
        n_text_ctx=shape("decoder.positional_embedding", 2)[0],
        n_text_state=text,
        n_text_head=max(text // HEAD_WIDTH, 1),
        n_text_layer=layers(entries, "decoder"),
    )


def layers(entries: Mapping[str, Weight], side: str) -> int:
    """How many layers the encoder or the decoder has."""
    numbers = [re.match(rf"{side}\.blocks\.(\d+)\.", name) for name in entries]
    return max((int(number[1]) + 1 for number in numbers if number), default=0)
