"""How much memory a model and a batch of windows will need, and how much is free: before loading.

What is counted are the tensors that ``network.py``, ``lane.py`` and the encoder allocate; a test
holds it against what a process grows by.
"""

from dataclasses import dataclass

import torch

from alternator.errors import OutOfMemoryError
from alternator.models.checkpoint import Dimensions
from alternator.speech.batched.free_memory import free_bytes
from alternator.speech.batched.int8_engine import has_fbgemm
from alternator.speech.batched.kernels import our_kernels
from alternator.speech.batched.packed_sound import PackedSound
from alternator.speech.batched.precision import Precision

# What torch, its libraries and the allocator's leftovers take beside the tensors, in bytes.
OVERHEAD = 200_000_000
# State, heads, layers of the encoder and of the decoder of OpenAI's models.
# https://github.com/openai/whisper/blob/v20250625/model-card.md
# https://github.com/openai/whisper/blob/v20250625/whisper/__init__.py (the models' files)
MODELS = {
    "tiny": (384, 6, 4, 4),
    "base": (512, 8, 6, 6),
    "small": (768, 12, 12, 12),
    "medium": (1024, 16, 24, 24),
    "turbo": (1280, 20, 32, 4),
    "large": (1280, 20, 32, 32),
}


@dataclass(frozen=True, kw_only=True)
class Batch:
    """How much is computed together: windows, hypotheses of each, whether attention is kept."""

    windows: int
    rows: int = 1
    attention: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A model in a precision on a device, by their memory. ``heads``: of the alignment.

    ``half``: the checkpoint is of half precision, as OpenAI's are; a CPU keeps its decoder so.
    """

    dimensions: Dimensions
    precision: Precision
    device: torch.device
    heads: int = 10
    half: bool = True

    @property
    def weights(self) -> int:
        """Bytes that the weights take once they are loaded."""
        d, size = self.dimensions, self.precision.dtype.itemsize
        layer = 1 if self.precision.int8 else size
        encoder = 12 * d.n_audio_state**2 * d.n_audio_layer * layer
        few = 2 if size == 4 and not self.precision.int8 and self._keeps_half else layer
        decoder = 16 * d.n_text_state**2 * d.n_text_layer * few
        convolutions = 3 * d.n_audio_state * (d.n_mels + d.n_audio_state) * size
        positions = (d.n_audio_ctx * d.n_audio_state + d.n_text_ctx * d.n_text_state) * size
        vocabulary = d.n_vocab * d.n_text_state
        # On a CPU the table of the tokens stays as the checkpoint has it.
        table = (2 if self.half else 4) * vocabulary if self.device.type == "cpu" else 0
        return encoder + decoder + convolutions + positions + vocabulary * few + table

    @property
    def _keeps_half(self) -> bool:
        return self.device.type == "cpu" and self.half and has_fbgemm()

    def lane(self, batch: Batch) -> int:
        """Bytes of the places of a batch: caches, logits and what the search keeps."""
        d, size = self.dimensions, self.precision.dtype.itemsize
        own = d.n_text_layer * 2 * d.n_text_ctx * batch.rows * d.n_text_state * size
        head = d.n_text_state // d.n_text_head
        packed = self.precision.int8 and our_kernels() is not None and PackedSound.can(head)
        sound = 1 if packed else size
        cross = d.n_text_layer * 2 * d.n_audio_ctx * d.n_text_state * sound
        asked = d.n_text_ctx * batch.rows * self.heads * head * size if batch.attention else 0
        # The logits, a copy that the rules write to, their probabilities and the sums of those.
        logits = 4 * batch.rows * d.n_vocab * torch.float32.itemsize
        return batch.windows * (own + cross + asked + logits)

    def work(self, batch: Batch) -> int:
        """Bytes that are needed for a moment: a CPU encodes windows one by one, a GPU together."""
        d, size = self.dimensions, self.precision.dtype.itemsize
        together = 1 if self.device.type == "cpu" else batch.windows
        # Beside the state itself: queries, keys, values, what was heard, the wide layer.
        encoder = 10 * d.n_audio_ctx * d.n_audio_state * size
        # Keys and values of the new windows' sound, of one layer, and the sound itself.
        sound = 4 * d.n_audio_ctx * d.n_audio_state * size
        return together * encoder + batch.windows * sound

    def needs(self, batch: Batch) -> int:
        """Bytes in all."""
        return OVERHEAD + self.weights + self.lane(batch) + self.work(batch)


def largest_batch(plan: Plan, most: Batch, free: int) -> int:
    """How many windows, up to ``most.windows``, fit into ``free`` bytes; 0: not even one."""
    fit = 0
    for windows in range(1, most.windows + 1):
        batch = Batch(windows=windows, rows=most.rows, attention=most.attention)
        if plan.needs(batch) <= free:
            fit = windows
    return fit


def check_fits(name: str, plan: Plan, batch: Batch) -> int:
    """How many windows of ``batch`` fit into what is free on the device, at least one.

    OutOfMemoryError says what the model needs, what is free, and which models would fit. Where a
    device does not tell what is free, all of them.
    """
    free = free_bytes(plan.device)
    if free is None:
        return batch.windows
    windows = largest_batch(plan, batch, free)
    if windows:
        return windows
    one = Batch(windows=1, rows=batch.rows, attention=batch.attention)
    smaller = [model for model in MODELS if _of(model, plan).needs(one) <= free]
    remedy = f"it would bear {', '.join(smaller)}" if smaller else "no model of Whisper fits"
    where = "this machine" if plan.device.type == "cpu" else str(plan.device)
    raise OutOfMemoryError(
        f"{name} needs {_said(plan.needs(one))} of memory, and {where} has {_said(free)} free; "
        f"{remedy}"
    )


def _of(model: str, plan: Plan) -> Plan:
    """The same for one of OpenAI's models."""
    state, heads, encoder, decoder = MODELS[model]
    dimensions = Dimensions(
        n_mels=128,
        n_audio_ctx=1500,
        n_audio_state=state,
        n_audio_head=heads,
        n_audio_layer=encoder,
        n_vocab=51866,
        n_text_ctx=448,
        n_text_state=state,
        n_text_head=heads,
        n_text_layer=decoder,
    )
    return Plan(dimensions=dimensions, precision=plan.precision, device=plan.device)


def _said(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
