"""The witnesses on an NVIDIA card, each in its place: who speaks first decides."""

from typing import Any

import pytest

from probe.detect.access_nvidia import nvidia_verdict
from probe.detect.evidence import Evidence
from probe.detect.merge import Merged
from probe.detect.nvidia_failures import CUDA_FAILURES, DEAD, SMI_FAILURES
from probe.facts import CudaView, Host, Node, Sighting
from probe.findings import libcuda, nvidia, nvidia_driver, nvidia_faults
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


@pytest.mark.parametrize(
    ("code", "why"),
    # 6 is "no device": a card that is on the bus was not brought up, and is no matter of its seat.
    (SMI_FAILURES | {6: nvidia_driver.NotTaken(driver=None)}).items(),
)
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
    found = evidence(container=True, cuda=CudaView(status=status), smi_answered=True)
    verdict = nvidia_verdict(card("nvidia-smi"), found)
    assert (verdict.state, verdict.why) == ("dead", why)
    hidden = nvidia_verdict(card("nvidia-smi"), found, hidden=True)
    assert hidden.state == "accessible", "of a hidden card libcuda can say nothing"


@pytest.mark.parametrize(
    ("entry", "found", "state", "why"),
    [
        (card("nvidia-smi", fault=15), evidence(), "dead", nvidia.GpuLost()),
        (card("libcuda", fault=15), evidence(cuda=CudaView(status=0)), "accessible", None),
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
            card(kernel_driver="nouveau", compute_capability=(3, 5)),
            evidence(smi_answered=True),
            "present",
            OtherDriver(
                driver="nouveau",
                wanted="NVIDIA's driver",
                serves_another=True,
                without_code=True,
            ),
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


BUS = "0000:17:00.0"


@pytest.mark.parametrize(
    ("known", "container", "why"),
    [
        ({"fault": 16, "index": 2}, False, nvidia_faults.RequiresReset(card="2")),
        (
            {"fault": 16, "index": 2, "uuid": "GPU-a"},
            True,
            nvidia_faults.RequiresReset(card="GPU-a"),
        ),
        ({"fault": 16, "bus": BUS}, False, nvidia_faults.RequiresReset(card=BUS)),
        ({"fault": 255, "bus": BUS}, False, nvidia_faults.NoHandle(card=BUS)),
        ({"fault": 8}, False, nvidia_faults.PowerCables()),
        ({"fault": 15}, True, nvidia.GpuLost()),
    ],
)
def test_the_fault_of_one_card_has_its_own_remedy(known, container, why):
    """A container numbers its cards anew, so that the host knows them by UUID only."""
    verdict = nvidia_verdict(card("nvidia-smi", **known), evidence(container=container))
    assert (verdict.state, verdict.why) == ("dead", why)
    reached = nvidia_verdict(card("nvidia-smi", "libcuda", **known), evidence())
    assert reached.state == "accessible", "what libcuda reaches is no lost card"


def test_the_other_cards_go_on_where_nvidia_smi_names_one():
    sources = ("nvidia-proc", "pci")
    found = evidence(smi_tried=True, smi_exit=255, smi_why="complaint", smi_named=True)
    assert nvidia_verdict(card(*sources), found).state == "accessible"
    unnamed = replace(found, smi_named=False)
    assert nvidia_verdict(card(*sources), unnamed).why == nvidia.DriverUnknownError()


BLACKWELL: dict[str, Any] = {"compute_capability": (12, 0), "kernel_driver": None}


def test_driver_and_module_meet_the_card():
    """A driver too old is told before its flavour: the new one may come with the right one."""
    loaded: dict[str, Any] = {
        "nvidia_driver": "550.120",
        "module": "proprietary",
        "smi_tried": True,
        "smi_exit": 6,
    }
    old = nvidia_verdict(card(**BLACKWELL), evidence(**loaded))
    assert (old.state, old.why) == (
        "present",
        nvidia_driver.OlderThanCard(
            driver="550.120", first="570", capability=(12, 0), module="open"
        ),
    )
    assert "570 or newer" in str(old.why)
    assert old.why is not None
    assert "with its open kernel module" in str(old.why)
    newer = evidence(**loaded | {"nvidia_driver": "575.57.08"})
    wrong = nvidia_verdict(card(**BLACKWELL), newer).why
    assert wrong == nvidia_driver.WrongModule(loaded="proprietary", needed="open")
    right = evidence(**loaded | {"nvidia_driver": "575.57.08", "module": "open"})
    assert nvidia_verdict(card(**BLACKWELL), right).why == nvidia_driver.NotTaken(
        driver="575.57.08"
    )
    bound = nvidia_verdict(card(**BLACKWELL | {"kernel_driver": "nvidia"}), right)
    assert (bound.state, bound.why) == ("dead", nvidia_driver.NotTaken(driver="575.57.08"))


PASCAL: dict[str, Any] = {"compute_capability": (6, 1), "kernel_driver": None}


def test_an_old_card_whose_system_went_on_to_newer_drivers():
    """A newer driver does not load for it, so nothing but the card tells which one it wants."""
    failed: dict[str, Any] = {"nodes": (), "smi_tried": True, "smi_exit": 9}
    verdict = nvidia_verdict(card(**PASCAL), evidence(**failed))
    assert verdict.state == "present"
    assert verdict.why == nvidia_driver.NotLoadedForCard(last="580", capability=(6, 1))
    assert "580" in str(verdict.why)
    current = nvidia_verdict(card(kernel_driver=None), evidence(**failed))
    assert current.why == nvidia.DriverNotLoaded()


def test_an_old_card_on_the_open_module():
    open_one = evidence(nvidia_driver="580.95.05", module="open", smi_tried=True, smi_exit=6)
    why = nvidia_verdict(card(**PASCAL | {"kernel_driver": "nvidia"}), open_one).why
    assert isinstance(why, nvidia_driver.OldCardOnOpenModule)
    assert why.branch == "580"
    assert any("proprietary" in step for step in why.remedy("host"))


def test_two_cards_that_no_module_drives_together():
    serves = Sighting(vendor="nvidia", name="RTX 5060", compute_capability=(12, 0))
    found = evidence(
        nvidia_driver="580.95.05",
        module="open",
        smi_answered=True,
        reached=(serves,),
        cuda=CudaView(status=0),
    )
    verdict = nvidia_verdict(card(compute_capability=(6, 1)), found)
    assert (verdict.state, verdict.why) == (
        "present",
        nvidia_driver.NoModuleForBoth(loaded="open", needed="proprietary", serves="RTX 5060"),
    )


@pytest.mark.parametrize("status", [None, 0, 100])
def test_a_profile_without_cuda_says_why_libcuda_fails(status):
    found = evidence(cuda=None if status is None else CudaView(status=status), smi_answered=True)
    verdict = nvidia_verdict(card("nvidia-smi", vgpu="2B"), found)
    assert (verdict.state, verdict.why) == (
        "present",
        nvidia_faults.VgpuWithoutCuda(profile="2B"),
    )
    assert nvidia_verdict(card("nvidia-smi", "libcuda", vgpu="2B"), found).state == "accessible"


def test_the_hosts_loader_is_outvoted_by_a_nvidia_smi_that_lists_the_card():
    found = evidence(cuda=CudaView(status=803), smi_answered=True)
    assert nvidia_verdict(card("nvidia-smi"), found).state == "accessible"
    # Where nvidia-smi does not list it, nobody speaks for the card.
    assert nvidia_verdict(card(), found).why == libcuda.DriverMismatch()


def test_what_was_not_heard_yet_is_believed_and_what_hung_is_not():
    cut: dict[str, Any] = {"smi_tried": True, "smi_cut": True, "smi_why": "no answer within 5 s"}
    held = card("nvidia-proc")
    assert nvidia_verdict(held, evidence(**cut, smi_ms=5000)).state == "accessible"
    hung = nvidia_verdict(held, evidence(**cut, smi_ms=60_000))
    assert (hung.state, hung.why) == ("dead", nvidia.ToolFailed(said="no answer within 5 s"))


def test_rows_before_a_hang_say_nothing_of_the_card_it_hung_at():
    cut: dict[str, Any] = {
        "smi_tried": True,
        "smi_cut": True,
        "smi_answered": True,
        "smi_why": "no answer",
    }
    assert nvidia_verdict(card("nvidia-smi"), evidence(**cut)).state == "accessible"
    assert nvidia_verdict(card(), evidence(**cut)).why == nvidia.ToolFailed(said="no answer")


def test_without_permission_the_closed_node_says_who_may():
    denied: dict[str, Any] = {
        "smi_tried": True,
        "smi_exit": 4,
        "smi_why": "Insufficient Permissions",
    }
    closed = nvidia_verdict(card(), evidence(nodes=CLOSED, **denied))
    assert closed.why == NodeClosed(path="/dev/nvidiactl", groups=(44,))
    verdict = nvidia_verdict(card(), evidence(container=True, **denied))
    assert verdict.why == nvidia_faults.NoPermission()
    assert verdict.why is not None
    assert "label=disable" in verdict.why.remedy("container")[0]
