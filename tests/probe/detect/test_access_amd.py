"""The witnesses on an AMD GPU, each in its place: who speaks first decides."""

import pytest
from cards import node

from probe.detect.access_amd import amd_verdict
from probe.detect.evidence import Evidence
from probe.detect.merge import Merged
from probe.facts import Host, Node, Sighting
from probe.finding import Finding
from probe.findings import gpu

KFD, RENDER = "/dev/kfd", "/dev/dri/renderD128"
NODES = (node(KFD), node(RENDER))
CLOSED = tuple(
    node(path, group=group, open_to_all=False, usable=False)
    for path, group in ((KFD, 993), (RENDER, 44))
)
HOST = Host(arch="x86_64", os="linux")
CONTAINER = Host(arch="x86_64", os="linux", container=True)
WSL = Host(arch="x86_64", os="linux", wsl=True)


def card(
    *sources: str, kernel_driver: str | None = "amdgpu", render_minor: int | None = 128
) -> Merged:
    """A card that these sources have seen, by default KFD."""
    sighting = Sighting(vendor="amd", kernel_driver=kernel_driver, render_minor=render_minor)
    return Merged(sighting=sighting, sources=frozenset(sources or ("kfd",)))


def evidence(
    host: Host = HOST, nodes: tuple[Node, ...] = NODES, *, kfd_listed: bool = True
) -> Evidence:
    return Evidence(host=host, nodes=nodes, kfd_listed=kfd_listed, environ={})


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
