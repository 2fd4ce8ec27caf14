"""The witnesses on an NVIDIA card, each in its place: who speaks first decides."""

import pytest

from probe.detect.access_nvidia import CUDA_FAILURES, DEAD, SMI_FAILURES, nvidia_verdict
from probe.detect.evidence import Evidence
from probe.detect.merge import Merged
from probe.facts import CudaView, Host, Node, Sighting
from probe.findings import libcuda, nvidia
from probe.findings.gpu import HeldForVm, NodeClosed, OtherDriver
from probe.frozen_record import replace

NODES = tuple(
    Node(path=path, group=0, open_to_all=True, usable=True)
    for path in ("/dev/nvidiactl", "/dev/nvidia0")
)
CLOSED = tuple(Node(path=node.path, group=44, open_to_all=False, usable=False) for node in NODES)


def card(*sources: str, **known: object) -> Merged:
    sighting = replace(Sighting(vendor="nvidia", compute_capability=(8, 9)), **known)
    return Merged(sighting=sighting, sources=frozenset(sources or ("pci",)))


def evidence(*, container: bool = False, **known: object) -> Evidence:
    host = Host(arch="x86_64", os="linux", container=container)
    return replace(Evidence(host=host, nodes=NODES, environ={}), **known)


@pytest.mark.parametrize(("code", "why"), SMI_FAILURES.items())
def test_an_exit_code_of_nvidia_smi_says_why(code, why):
    """Without nodes a card may only not be set up yet; with them it is dead in any case."""
    failed = {"smi_tried": True, "smi_exit": code, "smi_why": "complaint"}
    verdict = nvidia_verdict(card(), evidence(nodes=(), **failed))
    assert (verdict.state, verdict.why) == ("dead" if code in DEAD else "present", why)
    verdict = nvidia_verdict(card(), evidence(**failed))
    assert (verdict.state, verdict.why) == ("dead", why)


@pytest.mark.parametrize(
    ("status", "why"), [*CUDA_FAILURES.items(), (7, libcuda.CudaError(status=7))]
)
def test_an_error_of_libcuda_goes_before_nvidia_smi(status, why):
    found = evidence(cuda=CudaView(status=status), smi_answered=True)
    verdict = nvidia_verdict(card("nvidia-smi"), found)
    assert (verdict.state, verdict.why) == ("dead", why)
    hidden = nvidia_verdict(card("nvidia-smi"), found, hidden=True)
    assert hidden.state == "accessible", "of a hidden card libcuda can say nothing"


@pytest.mark.parametrize(
    ("entry", "found", "state", "why"),
    [
        (card("nvidia-smi", lost=True), evidence(), "dead", nvidia.GpuLost()),
        (card("libcuda", lost=True), evidence(cuda=CudaView(status=0)), "accessible", None),
        (
            card(),
            evidence(container=True, cuda=CudaView(missing="no such file")),
            "present",
            libcuda.LibcudaNotInContainer(),
        ),
        (card("nvidia-smi"), evidence(cuda=CudaView(missing="no such file")), "accessible", None),
        (
            card("nvidia-smi"),
            evidence(cuda=CudaView(status=0)),
            "present",
            libcuda.LibcudaWithoutIt(),
        ),
        (
            card(kernel_driver="vfio-pci"),
            evidence(smi_answered=True),
            "present",
            HeldForVm(driver="vfio-pci", wanted="NVIDIA's driver"),
        ),
        (
            card(kernel_driver="nouveau"),
            evidence(smi_answered=True),
            "present",
            OtherDriver(driver="nouveau", wanted="NVIDIA's driver", serves_another=True),
        ),
        (
            card(kernel_driver="nouveau"),
            evidence(),
            "present",
            nvidia.OtherDriverBound(driver="nouveau", capability=(8, 9)),
        ),
        (card(), evidence(smi_answered=True), "present", nvidia.NotListed()),
        (
            card(),
            evidence(nodes=(), container=True, environ={"NVIDIA_VISIBLE_DEVICES": "void"}),
            "present",
            nvidia.NotGiven(path="/dev/nvidiactl", said="NVIDIA_VISIBLE_DEVICES=void"),
        ),
        (
            card(),
            evidence(nodes=NODES[:1], nvidia_driver="580.95.05"),
            "present",
            nvidia.NodesNotMade(path="/dev/nvidia0"),
        ),
        (
            card(),
            evidence(nodes=()),
            "present",
            nvidia.DriverAbsent(path="/dev/nvidiactl", capability=(8, 9)),
        ),
        (
            card(),
            evidence(smi_tried=True, smi_exit=77, smi_why="complaint"),
            "dead",
            nvidia.ToolFailed(said="complaint"),
        ),
        (
            card(),
            evidence(nodes=CLOSED),
            "present",
            NodeClosed(path="/dev/nvidiactl", groups=(44,)),
        ),
        (card(), evidence(), "accessible", None),
    ],
)
def test_the_first_witness_decides(entry, found, state, why):
    verdict = nvidia_verdict(entry, found)
    assert (verdict.state, verdict.why) == (state, why)


def test_a_jetsons_container_is_started_by_the_runtime():
    """In csv mode the toolkit refuses --gpus."""
    inside = Host(arch="aarch64", os="linux", container=True, tegra=True)
    why = nvidia_verdict(card(), evidence(nodes=(), host=inside)).why
    assert why is not None
    assert why.remedy("container")[0].startswith("start it with --runtime nvidia (needs")
