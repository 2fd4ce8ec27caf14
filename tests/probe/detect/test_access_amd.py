"""The witnesses on an AMD GPU, each in its place: who speaks first decides."""

from collections.abc import Mapping

import pytest
from cards import node

from probe.detect.access_amd import amd_verdict
from probe.detect.evidence import Evidence
from probe.detect.merge import Merged
from probe.facts import HSA_OVERRIDE, Host, HsaView, Node, Sighting
from probe.finding import Finding
from probe.findings import amd, gpu

KFD, RENDER = "/dev/kfd", "/dev/dri/renderD128"
NODES = (node(KFD), node(RENDER))
CLOSED = tuple(
    node(path, group=group, open_to_all=False, usable=False)
    for path, group in ((KFD, 993), (RENDER, 44))
)
SAID = "Unable to open /dev/kfd read-write: Invalid argument"
REFUSED = HsaView(refused=SAID)
NO_GPU = HsaView(processors=("AMD Ryzen 7 9700X",))
HOST = Host(arch="x86_64", os="linux")
CONTAINER = Host(arch="x86_64", os="linux", container=True)
WSL = Host(arch="x86_64", os="linux", wsl=True)


def card(
    *sources: str,
    kernel_driver: str | None = "amdgpu",
    render_minor: int | None = 128,
    gfx: str | None = None,
) -> Merged:
    """A card that these sources have seen, by default KFD."""
    sighting = Sighting(
        vendor="amd", kernel_driver=kernel_driver, render_minor=render_minor, gfx=gfx
    )
    return Merged(sighting=sighting, sources=frozenset(sources or ("kfd",)))


def evidence(
    host: Host = HOST,
    nodes: tuple[Node, ...] = NODES,
    *,
    kfd_listed: bool = True,
    hsa: HsaView | None = None,
    environ: Mapping[str, str] | None = None,
) -> Evidence:
    return Evidence(host=host, nodes=nodes, kfd_listed=kfd_listed, hsa=hsa, environ=environ or {})


@pytest.mark.parametrize(
    ("entry", "found", "why"),
    [
        (card(), evidence(), None),
        (card(kernel_driver=None), evidence(), None),
        (
            card("rocminfo", kernel_driver="vfio-pci"),
            evidence(),
            gpu.HeldForVm(driver="vfio-pci", wanted="amdgpu"),
        ),
        (
            card(kernel_driver="radeon"),
            evidence(),
            gpu.OtherDriver(driver="radeon", wanted="amdgpu"),
        ),
        (card("rocminfo"), evidence(WSL, ()), gpu.NoKfdUnderWsl()),
        (card(), evidence(WSL), None),
        # It opened /dev/kfd, whatever is to be seen of it here.
        (card("rocminfo", "kfd"), evidence(nodes=()), None),
        # The tool is the only witness; with the kernel as another one it proves no access.
        (card("rocm-smi", "amd-smi"), evidence(nodes=()), None),
        (card("rocm-smi", "drm"), evidence(nodes=()), gpu.AmdNodeMissing(path=KFD)),
        (card(), evidence(nodes=(node(RENDER),)), gpu.AmdNodeMissing(path=KFD)),
        (card(), evidence(nodes=(node(KFD),)), gpu.AmdNodeMissing(path=RENDER)),
        (
            card(),
            evidence(nodes=(node(KFD), node("/dev/dri/renderD129"))),
            gpu.AmdNodeMissing(path=RENDER),
        ),
        # Where its number is not known, any render node may be the card's.
        (card(render_minor=None), evidence(nodes=(node(KFD), node("/dev/dri/renderD129"))), None),
        (
            card(render_minor=None),
            evidence(nodes=(node(KFD),)),
            gpu.AmdNodeMissing(path="/dev/dri/renderD"),
        ),
        (card(kernel_driver=None), evidence(nodes=()), gpu.AmdDriverNotLoaded(path=KFD)),
        (card(), evidence(CONTAINER, ()), gpu.AmdNotGiven(path=KFD)),
        (card("drm"), evidence(), gpu.LeftOutByKfd()),
        (card("drm"), evidence(CONTAINER), gpu.AmdKeptOut()),
        (card("drm"), evidence(kfd_listed=False), None),
        (card("drm"), evidence(nodes=CLOSED), gpu.LeftOutByKfd()),
        (card(), evidence(nodes=CLOSED), gpu.NodeClosed(path=KFD, groups=(44, 993))),
        (
            card(),
            evidence(nodes=(NODES[0], CLOSED[1])),
            gpu.NodeClosed(path=RENDER, groups=(44,)),
        ),
    ],
)
def test_the_first_witness_decides(entry: Merged, found: Evidence, why: Finding | None) -> None:
    verdict = amd_verdict(entry, found)
    assert verdict.why == why
    assert verdict.state == ("accessible" if why is None else "present")


@pytest.mark.parametrize(
    ("entry", "found", "why"),
    [
        # amdgpu is at work, and the card has no driver: the system is older than the card.
        (card("pci", kernel_driver=None, gfx="gfx1201"), evidence(), amd.AmdNotTaken()),
        (card("pci", kernel_driver=None, gfx="gfx1031"), evidence(), amd.AmdNotTaken()),
        # Newer than our tables too.
        (card("pci", kernel_driver=None), evidence(), amd.AmdNotTaken()),
        (
            card("pci", kernel_driver=None, render_minor=None, gfx="gfx1201"),
            evidence(nodes=(node(KFD),)),
            amd.AmdNotTaken(),
        ),
        # amdgpu does nothing here: it can still be loaded.
        (
            card("pci", kernel_driver=None, gfx="gfx1201"),
            evidence(nodes=(), kfd_listed=False),
            gpu.AmdDriverNotLoaded(path=KFD),
        ),
        (card("pci", kernel_driver=None, gfx="gfx602"), evidence(), gpu.LeftOutByKfd()),
        # Nothing that mends these would give torch a card.
        (
            card("pci", kernel_driver=None, gfx="gfx602"),
            evidence(nodes=(), kfd_listed=False),
            gpu.AmdDriverNotLoaded(path=KFD, without_code=True),
        ),
        (
            card("drm", gfx="gfx602"),
            evidence(nodes=()),
            gpu.AmdNodeMissing(path=KFD, without_code=True),
        ),
        (
            card("pci", kernel_driver="radeon", gfx="gfx803"),
            evidence(),
            gpu.OtherDriver(driver="radeon", wanted="amdgpu", without_code=True),
        ),
        # It has the driver, and KFD has no node for it.
        (card("drm", gfx="gfx1201"), evidence(), amd.AmdRefusedByKfd()),
        (card("drm", gfx="gfx906"), evidence(), amd.AmdRefusedByKfd()),
        (card("drm", gfx="gfx1033"), evidence(), gpu.LeftOutByKfd()),
        (card("drm", gfx="gfx1201"), evidence(nodes=CLOSED), amd.AmdRefusedByKfd()),
        # In a container it is the device rules, whatever the card is.
        (card("drm", gfx="gfx1201"), evidence(CONTAINER), gpu.AmdKeptOut()),
        (card("pci", kernel_driver=None, gfx="gfx1201"), evidence(CONTAINER), gpu.AmdKeptOut()),
    ],
)
def test_a_card_that_kfd_has_no_node_for(entry: Merged, found: Evidence, why: Finding) -> None:
    assert amd_verdict(entry, found).why == why


@pytest.mark.parametrize(
    ("entry", "found", "why"),
    [
        (card(), evidence(hsa=REFUSED), amd.RocminfoRefused(said=SAID)),
        (card(), evidence(CONTAINER, hsa=REFUSED), amd.RocminfoRefused(said=SAID)),
        (card("rocm-smi"), evidence(nodes=(), hsa=REFUSED), amd.RocminfoRefused(said=SAID)),
        (card(), evidence(hsa=NO_GPU), amd.RocminfoWithoutGpu(processors=NO_GPU.processors)),
        # What says more of why comes first.
        (card(), evidence(nodes=CLOSED, hsa=REFUSED), gpu.NodeClosed(path=KFD, groups=(44, 993))),
        (card(), evidence(nodes=(), hsa=REFUSED), gpu.AmdNodeMissing(path=KFD)),
        (card("drm", gfx="gfx1201"), evidence(hsa=NO_GPU), amd.AmdRefusedByKfd()),
        # It lists the card and not another one: it works.
        (card("rocminfo", "kfd"), evidence(hsa=None), None),
        # An empty override, which no container gets, makes HSA blind.
        (card(), evidence(hsa=NO_GPU, environ={HSA_OVERRIDE: ""}), None),
        (
            card(),
            evidence(hsa=NO_GPU, environ={HSA_OVERRIDE: "10.3.0"}),
            amd.RocminfoWithoutGpu(processors=NO_GPU.processors),
        ),
    ],
)
def test_what_rocminfo_says_against_a_card(
    entry: Merged, found: Evidence, why: Finding | None
) -> None:
    assert amd_verdict(entry, found).why == why


def test_rocminfo_says_nothing_of_a_card_that_a_variable_hides() -> None:
    assert amd_verdict(card(), evidence(hsa=NO_GPU), hidden=True).why is None
    refused = amd_verdict(card(), evidence(hsa=REFUSED), hidden=True)
    assert refused.why == amd.RocminfoRefused(said=SAID)


def test_its_own_line_and_the_remedy_for_the_place_are_said() -> None:
    refused, silent = amd.RocminfoRefused(said=SAID), amd.RocminfoWithoutGpu(processors=("A", "A"))
    assert str(refused) == f"rocminfo: {SAID}"
    assert str(silent) == "rocminfo lists no GPU, only A (Device Type: CPU)"
    assert refused.remedy("host") == ("see why: sudo dmesg | grep -i kfd",)
    assert refused.remedy("lxc")[0] == "see why: on the host: sudo dmesg | grep -i kfd"
    assert "pct set ID --dev0 /dev/kfd" in refused.remedy("lxc")[1]
    assert "--device /dev/kfd" in refused.remedy("container")[0]
    assert "amd.com/gpu" in refused.remedy("pod")[0]
