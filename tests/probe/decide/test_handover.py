"""The flags by which a container gets the chosen GPUs and no others."""

import pytest
from cards import amd, machine_with, node, nvidia

from probe.decide.handover import run_flags
from probe.facts import Facts, Gpu, Host, Node
from probe.findings.gpu import Hidden
from probe.frozen_record import replace

DRIVER = "580.95.05"
FIRST, SECOND = (replace(nvidia("8.6", DRIVER, index=n), uuid=f"GPU-{n}") for n in range(2))
SLICES = tuple(
    replace(nvidia("9.0", DRIVER), uuid=f"MIG-{n}", slice_of=0, cuts=1) for n in range(2)
)
RADEONS = tuple(
    replace(amd("gfx1100", index=n), uuid=f"GPU-00{n}", node=f"/dev/dri/renderD{128 + n}")
    for n in range(2)
)
ROCM = ("--device", "/dev/kfd", "--device")


def on(host: Host, *gpus: Gpu, nodes: tuple[Node, ...] = ()) -> Facts:
    return Facts(host=host, gpus=gpus, nodes=nodes)


LINUX = Host(arch="x86_64", os="linux")


@pytest.mark.parametrize(
    ("chosen", "gpus", "flags"),
    [
        ((FIRST,), (FIRST,), ("--gpus", "all")),
        ((SECOND, FIRST), (FIRST, SECOND), ("--gpus", "all")),
        ((SECOND,), (FIRST, SECOND), ("--gpus", '"device=GPU-1"')),
        ((SECOND, FIRST), (FIRST, SECOND, *SLICES), ("--gpus", '"device=GPU-1,GPU-0"')),
        # One without a UUID by the number that the toolkit and nvidia-smi have for it.
        ((replace(SECOND, uuid=None),), (FIRST, SECOND), ("--gpus", '"device=1"')),
        # A slice goes by its UUID, also where it is the only one.
        ((SLICES[0],), (SLICES[0],), ("--gpus", '"device=MIG-0"')),
        ((SLICES[1],), SLICES, ("--gpus", '"device=MIG-1"')),
        # Another maker's is not in the way.
        ((FIRST,), (FIRST, RADEONS[0]), ("--gpus", "all")),
    ],
)
def test_nvidia(chosen: tuple[Gpu, ...], gpus: tuple[Gpu, ...], flags: tuple[str, ...]) -> None:
    assert run_flags(chosen, on(LINUX, *gpus)) == flags


def test_what_is_hidden_here_stays_out_there() -> None:
    reason = Hidden(variable="CUDA_VISIBLE_DEVICES", value="1")
    hidden = replace(FIRST, state="present", why=reason)
    assert run_flags((SECOND,), on(LINUX, hidden, SECOND)) == ("--gpus", '"device=GPU-1"')


def test_a_jetsons_toolkit_refuses_gpus() -> None:
    assert run_flags((FIRST,), on(replace(LINUX, tegra=True), FIRST)) == ("--runtime", "nvidia")


def test_under_wsl_one_node_stands_for_all_gpus() -> None:
    """The toolkit's description has no other device than all (tests/corpus/container/cdi)."""
    wsl = replace(LINUX, wsl=True)
    assert run_flags((FIRST,), on(wsl, FIRST)) == ("--gpus", "all")
    flags = ("--gpus", "all", "--env", "CUDA_VISIBLE_DEVICES=GPU-1")
    assert run_flags((SECOND,), on(wsl, FIRST, SECOND)) == flags


@pytest.mark.parametrize(
    ("chosen", "gpus", "flags"),
    [
        (RADEONS[:1], RADEONS[:1], (*ROCM, "/dev/dri")),
        (RADEONS, RADEONS, (*ROCM, "/dev/dri")),
        (RADEONS[1:], RADEONS, (*ROCM, "/dev/dri/renderD129")),
        (
            (RADEONS[1], RADEONS[0]),
            (*RADEONS, amd("gfx1036", index=2)),
            (*ROCM, "/dev/dri/renderD128", "--device", "/dev/dri/renderD129"),
        ),
    ],
)
def test_amd(chosen: tuple[Gpu, ...], gpus: tuple[Gpu, ...], flags: tuple[str, ...]) -> None:
    assert run_flags(chosen, on(LINUX, *gpus)) == flags


def test_only_the_groups_of_what_is_handed_over() -> None:
    nodes = (
        node("/dev/kfd", group=992, open_to_all=False),
        node("/dev/dri/renderD128", group=105, open_to_all=False),
        node("/dev/dri/renderD129", group=44, open_to_all=False),
    )
    flags = run_flags(RADEONS[1:], on(LINUX, *RADEONS, nodes=nodes))
    assert flags[4:] == ("--group-add", "44", "--group-add", "992")
    flags = run_flags(RADEONS, on(LINUX, *RADEONS, nodes=nodes))
    assert flags[4:] == ("--group-add", "44", "--group-add", "105", "--group-add", "992")


def test_where_nobody_tells_which_node_is_whose_hsas_variable_does_it() -> None:
    first, second = (replace(gpu, node=None) for gpu in RADEONS)
    flags = (*ROCM, "/dev/dri", "--env")
    assert run_flags((second,), machine_with(first, second)) == (
        *flags,
        "ROCR_VISIBLE_DEVICES=GPU-001",
    )
    unnamed = replace(second, uuid=None)
    assert run_flags((unnamed,), machine_with(first, unnamed))[-1] == "ROCR_VISIBLE_DEVICES=1"
    # In a container its numbers are not the next one's.
    inside = on(replace(LINUX, container=True), first, unnamed)
    assert run_flags((unnamed,), inside) == (*ROCM, "/dev/dri")
