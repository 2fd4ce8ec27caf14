"""Notes on NVIDIA's driver: told where there is a GPU to use, and in nobody's way."""

import pytest

from probe.detect.evidence import Evidence
from probe.detect.nvidia_notes import nvidia_notes
from probe.facts import CudaView, Gpu, Host, Sighting
from probe.findings.libcuda import DriverMismatch, HostLoaderOutvoted, LibcudaNotAwaited
from probe.findings.nvidia_driver import NotAwaited, SlowToAnswer
from probe.frozen_record import replace
from probe.place import PlaceKind

HOST = Host(arch="x86_64", os="linux")
GPU = Gpu(vendor="nvidia", index=0, name="A100", state="accessible")
PLACES: tuple[tuple[PlaceKind, str], ...] = (("host", ""), ("container", "on the host: "))
CARD = Sighting(vendor="nvidia", name="A100")


def evidence(host: Host = HOST, **known: object) -> Evidence:
    return replace(Evidence(host=host, smi_tried=True, environ={}), **known)


def test_a_good_machine_has_none():
    assert nvidia_notes([GPU], evidence(smi_answered=True, smi_ms=300)) == ()


def test_a_slow_answer_is_told():
    found = evidence(smi_answered=True, smi_ms=21_400, reached=(CARD,))
    (note,) = nvidia_notes([GPU], found)
    assert note == SlowToAnswer(seconds=21.4)
    assert "took 21 s" in str(note)
    for place, where in PLACES:
        awake, for_good = note.remedy(place)
        assert awake.endswith(f": {where}sudo nvidia-smi -pm 1")
        assert for_good.endswith(f": {where}sudo systemctl enable --now nvidia-persistenced")


@pytest.mark.parametrize("known", [{"wsl": True}, {"tegra": True}])
def test_where_there_is_no_persistence_mode_it_is_not_advised(known):
    found = evidence(replace(HOST, **known), smi_answered=True, smi_ms=21_400)
    assert nvidia_notes([GPU], found) == ()


def test_a_tool_that_was_cut_short_is_told():
    (note,) = nvidia_notes([GPU], evidence(smi_cut=True, smi_ms=5000))
    assert note == NotAwaited(seconds=5.0)


def test_where_libcuda_answered_a_silent_nvidia_smi_says_nothing_of_waking():
    assert nvidia_notes([GPU], evidence(smi_cut=True, smi_ms=5000, reached=(CARD,))) == ()


def test_libcudas_silence_beside_an_answer_is_told():
    late = evidence(smi_answered=True, smi_ms=300, cuda_late=True)
    assert nvidia_notes([GPU], late) == (LibcudaNotAwaited(),)
    assert LibcudaNotAwaited() not in nvidia_notes([GPU], replace(late, smi_cut=True))


def test_a_loader_that_was_outvoted_is_told():
    found = evidence(smi_answered=True, cuda=CudaView(status=803))
    (note,) = nvidia_notes([GPU], found)
    assert isinstance(note, HostLoaderOutvoted)
    assert note.why == DriverMismatch()
    assert nvidia_notes([GPU], replace(found, smi_answered=False)) == ()


@pytest.mark.parametrize("gpus", [[], [replace(GPU, state="dead")], [replace(GPU, vendor="amd")]])
def test_without_a_gpu_to_use_there_is_nothing_to_note(gpus):
    found = evidence(smi_answered=True, smi_ms=21_400, cuda=CudaView(status=803))
    assert nvidia_notes(gpus, found) == ()
