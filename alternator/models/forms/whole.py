"""Whether what was found in a file is a whole Whisper network."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from alternator.errors import ModelError
from alternator.models.dimensions import VOCABULARIES, Dimensions, Shape, expected_shapes
from alternator.models.weights import Checkpoint, Weight, Weights

EMBEDDING = "decoder.token_embedding.weight"
SHOWN = 4  # of many names
# What no Whisper has more of: a file that says so is damaged, and would only cost memory.
MOST = {"n_audio_layer": 256, "n_text_layer": 256, "n_audio_state": 16384, "n_text_state": 16384}


# size: the checkpoint, its weights, where they are from, what they are called there
def whole(
    found: Checkpoint,
    entries: Mapping[str, Weight],
    *,
    source: Path,
    named: Callable[[str], str] = lambda name: name,
) -> Checkpoint:
    """The checkpoint with its weights, once none is missing and each has its shape.

    ``named`` gives a weight's name in the source, for the message: what is missing is looked for
    there. ModelError otherwise.
    """
    check_dimensions(found.dimensions, source)
    if found.dimensions.n_vocab not in VOCABULARIES:
        raise ModelError(
            f"{source} has a vocabulary of {found.dimensions.n_vocab} tokens; Whisper's have "
            f"{', '.join(map(str, VOCABULARIES))}"
        )
    shapes = expected_shapes(found.dimensions)
    missing = [named(name) for name in shapes if name not in entries]
    if missing:
        raise ModelError(
            f"{source} is no whole Whisper model: it lacks {some(missing)}; copy it again, or "
            f"convert it from where it was trained"
        )
    wrong = [
        f"{named(name)} is {shown(entries[name].shape)} and not {shown(shape)}"
        for name, shape in shapes.items()
        if entries[name].shape != shape
    ]
    if wrong:
        raise ModelError(f"{source} is no Whisper model by its shapes: {some(wrong)}")
    odd = [named(name) for name in shapes if not entries[name].dtype.is_floating_point]
    if odd:
        raise ModelError(
            f"{source} has weights of a type that is no floating point: {some(odd)}; take the "
            f"model in float32, float16 or bfloat16"
        )
    usable = with_usable_heads(found)
    return replace(usable, weights=Weights({name: entries[name] for name in shapes}))


def with_usable_heads(found: Checkpoint) -> Checkpoint:
    """Without alignment heads that the decoder has not: distilled models often carry their
    teacher's, which has more layers."""
    d = found.dimensions
    heads = found.alignment_heads or ()
    if all(0 <= a < d.n_text_layer and 0 <= b < d.n_text_head for a, b in heads):
        return found
    note = "its alignment heads are those of a larger model; times of words go by the usual ones"
    return replace(found, alignment_heads=None, notes=(*found.notes, note))


def check_dimensions(dimensions: Dimensions, source: Path) -> None:
    """ModelError for dimensions that no such network can have. Before anything is made by them: a
    file that tells of a thousand million layers would keep its reader for ever."""
    for name, value in vars(dimensions).items():
        if not isinstance(value, int) or not 0 < value <= MOST.get(name, 1_000_000):
            raise ModelError(f"{source} is no Whisper model: its {name} is {value!r}")
    if dimensions.n_audio_state != dimensions.n_text_state:
        raise ModelError(
            f"{source} is no Whisper model: its encoder is {dimensions.n_audio_state} wide, its "
            f"decoder {dimensions.n_text_state}"
        )
    for state, head in (("n_audio_state", "n_audio_head"), ("n_text_state", "n_text_head")):
        if getattr(dimensions, state) % getattr(dimensions, head):
            raise ModelError(f"{source} is no Whisper model: {head} does not divide {state}")


def with_vocabulary(
    found: Checkpoint, entries: Mapping[str, Weight], tokens: int
) -> tuple[Checkpoint, dict[str, Weight]]:
    """Without the rows of the vocabulary past its first ``tokens``: it was filled up, or has tokens
    that no engine asks for."""
    more = found.dimensions.n_vocab - tokens
    table = entries.get(EMBEDDING)
    if not more or table is None:
        return found, dict(entries)
    shorter = Weight(
        shape=(tokens, *table.shape[1:]), dtype=table.dtype, read=lambda: table.read()[:tokens]
    )
    note = f"the last {more} tokens of its vocabulary are not Whisper's, and are left out"
    dimensions = replace(found.dimensions, n_vocab=tokens)
    noted = replace(found, dimensions=dimensions, notes=(*found.notes, note))
    return noted, {**entries, EMBEDDING: shorter}


def some(names: list[str]) -> str:
    """The first few of them, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def shown(shape: Shape) -> str:
    """A shape as people write it."""
    return "×".join(map(str, shape)) or "a number"
