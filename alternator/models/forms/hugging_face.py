"""A directory in the form of Hugging Face's transformers: config.json and weights beside it.

https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/whisper/configuration_whisper.py
and, for weights in several files, https://huggingface.co/docs/transformers/big_models (the index).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from alternator.errors import ModelError
from alternator.models.dimensions import Dimensions, expected_shapes
from alternator.models.forms.facts import alignment_heads_in, facts_in
from alternator.models.forms.hugging_face_names import THEIR_EMBEDDING, THEIR_OUTPUT, ours, theirs
from alternator.models.forms.openai import unpickled
from alternator.models.forms.tokens import check_vocabulary
from alternator.models.forms.whole import check_dimensions, some, whole, with_vocabulary
from alternator.models.weights import Checkpoint, Weight, here

FORM = "Hugging Face directory"
CONFIG = "config.json"
# The files that hold weights, best first: safetensors can hold nothing else.
SINGLE = ("model.safetensors", "pytorch_model.bin")
INDEX = ".index.json"
ADAPTER = ("adapter_model.safetensors", "adapter_model.bin")
FOREIGN = {
    "flax_model.msgpack": "Flax",
    "tf_model.h5": "TensorFlow",
    "encoder_model.onnx": "ONNX",
}
# By openai-whisper's names.
DIMENSIONS = {
    "n_mels": "num_mel_bins",
    "n_audio_ctx": "max_source_positions",
    "n_audio_state": "d_model",
    "n_audio_head": "encoder_attention_heads",
    "n_audio_layer": "encoder_layers",
    "n_vocab": "vocab_size",
    "n_text_ctx": "max_target_positions",
    "n_text_state": "d_model",
    "n_text_head": "decoder_attention_heads",
    "n_text_layer": "decoder_layers",
}


def read(directory: Path) -> Checkpoint:
    """The checkpoint in such a directory. ModelError if it holds none, or not a whole one."""
    files = weight_files(directory)
    dimensions = dimensions_in(directory)
    found = {bare(name): entry for file in files for name, entry in entries_in(file).items()}
    check_output_layer(found, directory)
    entries = {ours(name) or name: entry for name, entry in found.items() if name != THEIR_OUTPUT}
    more = sorted(set(entries) - set(expected_shapes(dimensions)))
    notes = [f"passed over, since Whisper has no such weights: {some(more)}"] if more else []
    checkpoint = Checkpoint(
        dimensions=dimensions,
        weights={},
        alignment_heads=alignment_heads_in(facts_in(directory / "generation_config.json")),
        form=FORM,
        notes=tuple(notes),
    )
    tokens = check_vocabulary(directory, dimensions.n_vocab)
    return whole(
        *with_vocabulary(checkpoint, entries, tokens),
        source=directory,
        named=lambda name: f"model.{theirs(name)}",
    )


def has_weights(directory: Path) -> bool:
    """Whether files of Hugging Face's are in the directory, be they usable or not."""
    names = (*SINGLE, *(f"{name}{INDEX}" for name in SINGLE), *ADAPTER, *FOREIGN)
    return any((directory / name).is_file() for name in names)


def weight_files(directory: Path) -> list[Path]:
    """The files that hold the weights. ModelError if there are none, or not all."""
    for name in SINGLE:
        if (directory / name).is_file():
            return [directory / name]
        index = directory / f"{name}{INDEX}"
        if index.is_file():
            return parts_in(index)
    if any((directory / name).is_file() for name in ADAPTER):
        raise ModelError(
            f"{directory} holds an adapter (LoRA), which is no model without the one it was made "
            f"for; merge the two first (merge_and_unload of the peft package), and save that"
        )
    for name, form in FOREIGN.items():
        if (directory / name).is_file():
            raise ModelError(
                f"{directory} holds weights of {form} alone; take the model with model.safetensors"
            )
    raise ModelError(
        f"{directory} is a directory without weights: there is no {' and no '.join(SINGLE)} in it; "
        f"copy all files of the model"
    )


def parts_in(index: Path) -> list[Path]:
    """The files that an index names. ModelError if one is missing."""
    listed = facts_in(index).get("weight_map")
    names = sorted({str(name) for name in listed.values()}) if isinstance(listed, dict) else []
    if not names:
        raise ModelError(f"{index} names no files; copy the model again")
    # The index is somebody else's: it names files beside it, and nothing further away.
    missing = [
        name for name in names if Path(name).name != name or not (index.parent / name).is_file()
    ]
    if missing:
        raise ModelError(f"{index.parent} is not whole: it lacks {some(missing)}; copy it again")
    return [index.parent / name for name in names]


def dimensions_in(directory: Path) -> Dimensions:
    """The dimensions that config.json tells. ModelError if it is not of Whisper."""
    path = directory / CONFIG
    facts = facts_in(path)
    if not facts:
        raise ModelError(f"{directory} has no {CONFIG}; copy all files of the model")
    kind = facts.get("model_type", "whisper")
    lacking = [name for name in DIMENSIONS.values() if not isinstance(facts.get(name), int)]
    if kind != "whisper" or lacking:
        why = f"of a model of type {kind!r}" if kind != "whisper" else f"without {some(lacking)}"
        raise ModelError(f"{directory} is no Whisper model: its {CONFIG} is {why}")
    numbers = {ours: int(str(facts[theirs])) for ours, theirs in DIMENSIONS.items()}
    dimensions = Dimensions(**numbers)
    check_dimensions(dimensions, path)
    return dimensions


def entries_in(file: Path) -> Mapping[str, Weight]:
    """The tensors of a file by its names, left in it until they are used."""
    if file.suffix == ".safetensors":
        return dict(safe_entries(file))
    content = unpickled(file)
    if not isinstance(content, Mapping):
        raise ModelError(f"{file} holds no weights; copy the model again")
    return {
        name: here(tensor) for name, tensor in content.items() if isinstance(tensor, torch.Tensor)
    }


def safe_entries(file: Path) -> Iterator[tuple[str, Weight]]:
    """Those of a safetensors file, which stay views into it."""
    import safetensors  # no other form needs it

    try:
        with safetensors.safe_open(file, framework="pt", device="cpu") as opened:
            for name in opened.offset_keys():
                yield name, here(opened.get_tensor(name))
    except FileNotFoundError:
        raise ModelError(f"there is no {file}; copy the model again") from None
    except OSError as error:
        raise ModelError(f"{file} can't be read: {error}; make it readable") from None
    except safetensors.SafetensorError as error:
        raise ModelError(f"{file} is damaged or not whole ({error}); copy it again") from None


def check_output_layer(found: Mapping[str, Weight], directory: Path) -> None:
    """ModelError if the last layer is another than the embedding: openai-whisper's form has but
    one."""
    output, embedding = found.get(THEIR_OUTPUT), found.get(THEIR_EMBEDDING)
    if output is None or embedding is None:
        return
    if output.shape != embedding.shape or not torch.equal(output.read(), embedding.read()):
        raise ModelError(
            f"{directory} has a last layer ({THEIR_OUTPUT}) that is not its embedding, which "
            f"Whisper's networks never have; it can't be used"
        )


def bare(name: str) -> str:
    """A name without what transformers puts before those of a whole network."""
    return name.removeprefix("model.")
