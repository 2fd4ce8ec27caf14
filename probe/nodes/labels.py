"""A machine's facts as labels of its node.

The labels say what a pod gets there that asks for the node's GPU, not what the pod that looks has
been given: it has none, and sees the cards in sysfs and the driver in /proc all the same. So a card
that is merely not handed to this container counts as one that can be used.
"""

import re
from collections.abc import Iterator

from probe.decide.choice import Choice
from probe.decide.choose import choose
from probe.decide.fit import capability_text
from probe.facts import USABLE, Facts, Gpu
from probe.findings.amd import AmdNotTaken
from probe.findings.gpu import AmdKeptOut, AmdNotGiven
from probe.findings.libcuda import LibcudaNotInContainer
from probe.findings.nvidia import DriverAbsent, NotGiven
from probe.frozen_record import replace
from probe.tables.builds import Table

PREFIX = "alternator.dev/"
NONE = "none"
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
LONGEST = 63
NOT_HANDED = (NotGiven, LibcudaNotInContainer, AmdNotGiven, AmdKeptOut)


def labels_of(facts: Facts, table: Table) -> dict[str, str]:
    """The labels of the machine that these facts are of, by their full names."""
    whole = _with_all_handed(facts)
    choice = choose(whole, table)
    return {f"{PREFIX}{name}": value for name, value in _labels(whole, choice)}


def _labels(facts: Facts, choice: Choice) -> Iterator[tuple[str, str]]:
    selection = choice.selection
    yield "gpu", selection.gpus[0].vendor if selection.gpus else NONE
    yield "gpu-count", str(len(selection.gpus))
    yield "torch-build", label_value(selection.wheel)
    yield "torch", label_value(selection.torch)
    if not selection.gpus:
        trouble = _trouble(facts, choice)
        if trouble is not None:
            yield "gpu-trouble", label_value(trouble)
        return
    # The first is the most useful; the others of a selection run the same build.
    card = selection.gpus[0]
    yield "gpu-name", label_value(card.name)
    sizes = [gpu.memory_mib for gpu in selection.gpus if gpu.memory_mib is not None]
    if len(sizes) == len(selection.gpus):
        yield "gpu-memory-mib", str(min(sizes))
    capability = capability_text(card)
    for name, text in (
        ("driver", card.driver),
        ("compute-capability", capability),
        ("gfx", card.gfx),
    ):
        if text:
            yield name, label_value(text)


def _trouble(facts: Facts, choice: Choice) -> str | None:
    """The code of what is in the way of the cards that are there; None where there is none."""
    reasons = [gpu.why.code for gpu in facts.gpus if gpu.why is not None]
    return next(iter([*reasons, *(entry.why.code for entry in choice.rejected)]), None)


def _with_all_handed(facts: Facts) -> Facts:
    """The same machine as a container sees it that is given every card."""
    if not facts.host.container:
        return facts
    return replace(facts, gpus=tuple(_handed(gpu) for gpu in facts.gpus))


def _handed(gpu: Gpu) -> Gpu:
    if gpu.state in USABLE or not isinstance(gpu.why, NOT_HANDED):
        return gpu
    # Without its kernel driver no plugin could hand the card over. NVIDIA's tells its version in
    # /proc, of AMD's the render node is a trace.
    if gpu.vendor == "nvidia" and gpu.driver is None:
        return replace(
            gpu, why=DriverAbsent(path="/dev/nvidiactl", capability=gpu.compute_capability)
        )
    if gpu.vendor == "amd" and gpu.node is None:
        return replace(gpu, why=AmdNotTaken())
    return replace(gpu, state="accessible", why=None)


def label_value(text: str) -> str:
    """A text as the value of a label: what may not stand there is a hyphen, up to 63 characters."""
    allowed = re.sub(r"[^A-Za-z0-9._-]+", "-", text)
    return allowed[:LONGEST].strip("-_.")
