"""Names of the Container Device Interface for the chosen GPUs."""

import pytest

from probe.machine.cdi import CdiDevice
from probe.recordings.matrix import MACHINES, replay
from probe.recordings.recording_file import read_recording
from probe.report.cdi_names import amd_names, nvidia_names
from probe.report.schema import GpuReport
from probe.tables.builds import load_table

FIRST, SECOND = (f"MIG-0000001{n}-0000-4000-8000-000000000000" for n in (0, 1))
WHOLE = "GPU-00000002-0000-4000-8000-000000000000"


def gpus() -> list[GpuReport]:
    """Two slices of the first card, and the second one whole."""
    file = MACHINES / "h100-one-mig-one-whole.json"
    return replay(read_recording(file), load_table())["gpus"]


def nvidia(*names: str) -> list[CdiDevice]:
    return [CdiDevice(kind="nvidia.com/gpu", name=name) for name in names]


@pytest.mark.parametrize(
    ("chosen", "known", "names"),
    [
        ([], nvidia("0"), ["all"]),
        ([WHOLE], [], [WHOLE]),
        ([WHOLE], nvidia("1", WHOLE), [WHOLE]),
        ([WHOLE], nvidia("0:0", "0:1", "1"), ["1"]),
        ([FIRST, SECOND], nvidia("0:0", "0:1", "1"), ["0:0", "0:1"]),
        ([SECOND], nvidia("0:1", SECOND), [SECOND]),
        ([WHOLE], nvidia("gpu1"), [WHOLE]),
        (["1"], nvidia("1"), ["1"]),
    ],
)
def test_nvidia(chosen: list[str], known: list[CdiDevice], names: list[str]) -> None:
    assert nvidia_names(chosen, gpus(), known) == [f"nvidia.com/gpu={name}" for name in names]


KFD, FIRST_NODE, SECOND_NODE = "/dev/kfd", "/dev/dri/renderD128", "/dev/dri/renderD129"


def amd(name: str, *nodes: str) -> CdiDevice:
    return CdiDevice(kind="amd.com/gpu", name=name, nodes=(KFD, *nodes))


@pytest.mark.parametrize(
    ("nodes", "known", "names"),
    [
        ([KFD, "/dev/dri"], [amd("0", FIRST_NODE), amd("all", FIRST_NODE)], ["all"]),
        ([KFD, "/dev/dri"], [], []),
        # AMD's toolkit counts in an order of its own: the nodes tell.
        ([KFD, SECOND_NODE], [amd("0", SECOND_NODE), amd("1", FIRST_NODE)], ["0"]),
        ([KFD, FIRST_NODE, SECOND_NODE], [amd("0", FIRST_NODE)], []),
        ([KFD, FIRST_NODE], nvidia("0"), []),
    ],
)
def test_amd(nodes: list[str], known: list[CdiDevice], names: list[str]) -> None:
    assert amd_names(nodes, known) == [f"amd.com/gpu={name}" for name in names]
