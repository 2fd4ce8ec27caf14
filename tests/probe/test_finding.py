"""Every kind of finding can be said, wherever the probe runs; the codes are a closed set."""

import importlib
import pkgutil
import re
from typing import get_args

import pytest
from findings import sample

import probe.findings
from probe.facts import TraceCode
from probe.finding import KINDS, Advice, Finding
from probe.findings.builds import DriverTooOld
from probe.findings.nvidia import DriverNotLoaded, DroppedByDriver, OtherDriverBound
from probe.findings.trace import MEANINGS
from probe.findings.whole_machine import SilentToolExplained

for found in pkgutil.iter_modules(probe.findings.__path__):
    importlib.import_module(f"{probe.findings.__name__}.{found.name}")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_finding_has_words_for_every_place(kind):
    finding = sample(kind)
    assert kind.__doc__, "what it means stands in the docs"
    for place in ("host", "container", "pod"):
        said = Advice(finding=finding, gpu="card").text(place)
        assert said.startswith("card: ")
        assert "{" not in said, "a template that was not filled"
    assert hash(finding) == hash(sample(kind)), "findings are compared and told once"


@pytest.mark.parametrize("code", KINDS)
def test_a_code_is_words_with_hyphens(code):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)


def test_a_code_is_given_once():
    with pytest.raises(TypeError, match="'driver-too-old' is the code of"):
        type("Second", (Finding,), {"code": "driver-too-old"})
    assert KINDS["driver-too-old"] is DriverTooOld


def test_the_trace_has_a_meaning_for_each_of_its_codes():
    assert set(MEANINGS) == set(get_args(TraceCode))


def test_a_remedy_differs_by_place():
    finding = DriverNotLoaded()
    assert finding.remedy("host")[0] == "sudo modprobe nvidia"
    assert finding.remedy("container") == (
        "on the host: sudo modprobe nvidia",
        "then start this container again",
    )
    assert finding.remedy("pod") == finding.remedy("container")


def test_no_driver_is_told_to_be_installed_for_a_card_without_a_build():
    kepler = DroppedByDriver(driver="580.95.05", last="470", capability=(3, 5))
    assert kepler.remedy("host") == ("none: no current build of torch has code for this card",)
    pascal = DroppedByDriver(driver="590.48.01", last="580", capability=(6, 1))
    assert pascal.remedy("host") == (
        "take its proprietary kernel module: packages without -open in their name; NVIDIA's "
        "installer: --kernel-module-type=proprietary",
        "install NVIDIA's driver 580 (newer ones leave this card out) and reboot",
    )


def test_a_driver_that_is_still_current_has_no_flavour_to_take():
    ada = OtherDriverBound(driver="nouveau", capability=(8, 9))
    assert ada.remedy("host") == ("install NVIDIA's driver 580 or newer and reboot",)


def test_an_explained_failure_has_the_remedy_of_its_reason():
    finding = SilentToolExplained(tool="nvidia-smi", said="exit 9", why=DriverNotLoaded())
    assert Advice(finding=finding).text("container") == (
        "nvidia-smi: exit 9 (NVIDIA's driver is not loaded); if there is an NVIDIA GPU: on the "
        "host: sudo modprobe nvidia; then start this container again"
    )
