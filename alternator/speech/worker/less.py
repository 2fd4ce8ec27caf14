"""What a request is tried again with, after its worker was killed, crashed or ran out of memory.

Each step keeps what the one before took away:

0. as it is configured;
1. alone, with half the windows in a batch;
2. in a smaller precision, where the engine has one;
3. on the CPU.
"""

import dataclasses
from enum import IntEnum

from alternator.config.models import ComputeType
from alternator.speech.worker.protocol import Load, Ready

CPU = "cpu"


class Less(IntEnum):
    """How much less than what is configured."""

    NOTHING = 0
    BATCH = 1
    PRECISION = 2
    CPU = 3


def lessened(load: Load, less: Less, ready: Ready | None) -> Load:
    """What a worker is to load for that step. ``ready``: what one said that loaded ``load``
    itself, None while none could."""
    options = load.options
    if less >= Less.BATCH:
        known = ready.batch_size if ready is not None and ready.batch_size else options.batch_size
        # One that could not even be loaded, or tells no number, gets the least that there is.
        options = dataclasses.replace(options, batch_size=max(1, known // 2))
    if less >= Less.CPU:
        # The precision of a GPU may be one that a CPU is slow in.
        options = dataclasses.replace(options, compute_type="auto", proven_device=None)
        return dataclasses.replace(load, device=CPU, options=options)
    smaller = smaller_precision(load, ready)
    if less >= Less.PRECISION and smaller is not None:
        options = dataclasses.replace(options, compute_type=smaller)
    return dataclasses.replace(load, options=options)


def less_than(less: Less, load: Load, ready: Ready | None) -> Less | None:
    """The next step after ``less`` that changes something; None if nothing is left to try."""
    helps = {
        Less.BATCH: True,  # alone, at least
        Less.PRECISION: smaller_precision(load, ready) is not None,
        Less.CPU: device_of(load, ready) != CPU,
    }
    return next((step for step, it_does in helps.items() if step > less and it_does), None)


def smaller_precision(load: Load, ready: Ready | None) -> ComputeType | None:
    """The next smaller one; None where there is none, or the engine has no choice.

    int8 is for the CPU. Where nothing could be loaded it is not known what `auto` stands for:
    there it is tried, and refused by a GPU.
    """
    if ready is not None and not ready.compute_type:
        return None
    present = load.options.compute_type if ready is None else ready.compute_type
    device = device_of(load, ready)
    if device in (CPU, "auto"):
        return None if present == "int8" else "int8"
    return "float16" if present == "float32" else None


def device_of(load: Load, ready: Ready | None) -> str:
    """Where a model is, or was to be, by the name that is known."""
    return load.device if ready is None else ready.device


def told(less: Less, load: Load, ready: Ready | None) -> str:
    """With what a step works, as the end of a sentence."""
    words = ["alone"] if less else ["as before"]
    options = lessened(load, less, ready).options
    if less >= Less.BATCH and ready is not None and ready.batch_size > 1:
        words.append(f"with batches of {options.batch_size}")
    if less == Less.PRECISION:
        words.append(f"in {options.compute_type}")
    if less == Less.CPU:
        words.append("on the CPU")
    return ", ".join(words)
