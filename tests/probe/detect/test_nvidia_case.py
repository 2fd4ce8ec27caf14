"""One card with what speaks for or against it."""

from collections.abc import Mapping

import pytest

from probe.detect.evidence import Evidence
from probe.detect.merge import Merged
from probe.detect.nvidia_case import Case
from probe.facts import CudaView, Host, Node, Sighting
from probe.frozen_record import replace

HOST = Host(arch="x86_64", os="linux")
NODES = tuple(
    Node(path=f"/dev/{name}", group=0, open_to_all=True, usable=True)
    for name in ("nvidiactl", "nvidia0", "nvidia1")
)


def case(*sources: str, card: Mapping[str, object] | None = None, **known: object) -> Case:
    sighting = replace(Sighting(vendor="nvidia", compute_capability=(8, 9)), **card or {})
    found = replace(
        Evidence(host=HOST, nodes=NODES, nvidia_driver="580.95.05", environ={}), **known
    )
    entry = Merged(sighting=sighting, sources=frozenset(sources or ("pci",)))
    return Case(entry=entry, evidence=found, hidden=False)


@pytest.mark.parametrize(
    ("capability", "driver", "first"),
    [
        ((12, 0), "550.120", "570"),
        ((12, 0), "570.86", None),
        ((12, 1), "570.86", "575"),
        ((10, 3), "580.95.05", None),
        ((8, 9), "515.65.01", "520"),
        ((8, 6), "450.80.02", "455"),
        ((7, 5), "390.157", "410"),
        ((6, 1), "340.108", "367"),
        ((5, 2), "340.108", None),
        (None, "340.108", None),
        ((12, 0), None, None),
    ],
)
def test_a_driver_older_than_the_card(capability, driver, first):
    card = {"compute_capability": capability}
    assert case(card=card, nvidia_driver=driver).served_from == first
    assert case("nvidia-proc", card=card, nvidia_driver=driver).served_from is None
    bound = {**card, "kernel_driver": "nouveau"}
    assert case(card=bound, nvidia_driver=driver).served_from is None


@pytest.mark.parametrize(
    ("capability", "module", "needed"),
    [
        ((12, 0), "proprietary", "open"),
        ((10, 0), "proprietary", "open"),
        ((12, 0), "open", None),
        ((9, 0), "proprietary", None),
        ((7, 5), "open", None),
        ((7, 0), "open", "proprietary"),
        ((5, 2), "open", "proprietary"),
        ((6, 1), "proprietary", None),
        ((12, 0), None, None),
        (None, "open", None),
    ],
)
def test_the_flavour_of_the_kernel_module(capability, module, needed):
    card = {"compute_capability": capability}
    assert case(card=card, module=module).other_module == needed
    # The driver lists a card that it has taken even if it can't start it.
    assert case("nvidia-proc", card=card, module=module).other_module == needed
    for source in ("nvidia-smi", "libcuda"):
        assert case(source, card=card, module=module).other_module is None
    held = {**card, "kernel_driver": "vfio-pci"}
    assert case(card=held, module=module).other_module is None


def test_a_container_that_was_given_no_card_is_told_so_first():
    """What its host lacks is told once the card is here."""
    card = {"compute_capability": (12, 0)}
    inside = replace(HOST, container=True)
    known = {"nvidia_driver": "550.120", "module": "proprietary", "host": inside}
    given = case(card=card, **known)
    assert (given.served_from, given.other_module) == ("570", "open")
    bare = case(card=card, nodes=(), **known)
    assert (bare.served_from, bare.other_module) == (None, None)


def test_a_card_that_the_other_flavour_would_not_drive():
    blackwell = Sighting(vendor="nvidia", compute_capability=(12, 0), name="RTX 5060")
    ampere = Sighting(vendor="nvidia", compute_capability=(8, 6), name="RTX 3090")
    pascal = {"compute_capability": (6, 1)}
    found = case(card=pascal, module="open", reached=(ampere, blackwell))
    assert found.serves_instead == "RTX 5060"
    # Either flavour drives Ampere: the other one would drive both.
    assert case(card=pascal, module="open", reached=(ampere,)).serves_instead is None


@pytest.mark.parametrize(
    ("known", "not_taken"),
    [
        ({"smi_exit": 6}, True),
        ({"smi_answered": True}, True),
        ({"smi_answered": True, "smi_cut": True}, False),
        ({"smi_exit": 6, "cuda": CudaView(status=100)}, True),
        ({"smi_exit": 6, "cuda": CudaView(status=802)}, False),
        ({"smi_exit": 9}, False),
        ({}, False),
        # nvidia-smi reached the driver to be told so.
        ({"smi_exit": 6, "nvidia_driver": None}, True),
        ({"smi_answered": True, "nvidia_driver": None}, False),
        ({"smi_exit": 6, "host": replace(HOST, container=True)}, False),
    ],
)
def test_a_card_that_no_driver_took(known, not_taken):
    assert case(**known).not_taken == not_taken
    # The driver lists a card that it holds and can't start.
    held = not_taken and "smi_exit" in known
    assert case("nvidia-proc", "pci", **known).not_taken == held
    assert not case("nvidia-smi", **known).not_taken
    assert not case(card={"kernel_driver": "nouveau"}, **known).not_taken


@pytest.mark.parametrize(
    ("profile", "without"),
    [("2B", True), ("1A", True), ("2B4", True), ("48C", False), ("24Q", False), (None, False)],
)
def test_a_profile_without_cuda(profile, without):
    assert (case(card={"vgpu": profile}).without_cuda is not None) == without


@pytest.mark.parametrize(
    ("card", "known", "unheard"),
    [
        ({}, {}, True),
        ({"minor": 1}, {}, True),
        ({"minor": 7}, {}, False),
        ({}, {"smi_ms": 60_000}, False),
        ({}, {"smi_cut": False}, False),
        ({}, {"nodes": tuple(replace(node, usable=False) for node in NODES)}, False),
        # A container sees the whole list of its host, and has the nodes of its own cards.
        ({"minor": 1}, {"host": replace(HOST, container=True)}, True),
        ({"minor": 7}, {"host": replace(HOST, container=True)}, False),
        ({}, {"host": replace(HOST, container=True)}, False),
    ],
)
def test_a_card_of_which_nothing_was_heard_yet(card, known, unheard):
    known = {"smi_tried": True, "smi_cut": True, "smi_ms": 5000} | known
    assert case("nvidia-proc", "pci", card=card, **known).unheard == unheard
    assert not case("pci", card=card, **known).unheard
