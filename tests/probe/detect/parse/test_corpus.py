"""The whole room on recorded outputs of real machines (tests/corpus): what is chosen."""

import shutil

import pytest
from corpus import COMMITTED, Entry, entries, name

from probe.decide.choose import choose
from probe.detect.parse.nvidia_proc import parse_driver_version
from probe.detect.parse.nvidia_smi import parse_list
from probe.frozen_record import replace

KINDS = ("nvidia-smi-csv", "rocm-smi-json", "rocminfo", "kfd", "sysfs-drm")

# Where the index was written before the table of builds, and the table knows better.
BETTER_KNOWN = {
    # gfx1031 and gfx1032 run gfx1030's code by an override that the index leaves to the operator.
    "amd/rocm-smi-json/rx6700xt-rocm4.3.0.json": "rocm7.2",
    "amd/rocm-smi-json/rx6700xt-rocm6.1.2.json": "rocm7.2",
    "amd/sysfs-drm/rx6600/": "rocm7.2",
    # rocBLAS has no kernels: the index says itself that the proof will fail.
    "amd/rocminfo/threadripper-gfx900.txt": "cpu",
    "amd/sysfs-drm/phoenix/": "cpu",
    # Kernels up to ROCm 6.3, which the index did not know.
    "amd/rocm-smi-json/vega20-32gb-mi60.json": "rocm6.3",
}
OLDER = {"rocm6.3": "2.9.1"}  # the newest torch with the build


def known() -> list[Entry]:
    """The machines whose recorded facts suffice for a choice."""
    return [entry for entry in entries(*KINDS) if entry.wheel != "unknown"]


def set_up(machine, entry: Entry) -> None:
    tools = {"nvidia-smi-csv": "nvidia-smi", "rocm-smi-json": "rocm-smi", "rocminfo": "rocminfo"}
    if entry.kind in tools:
        machine.printing_tool(tools[entry.kind], entry.path.read_text(encoding="utf-8"))
    elif entry.kind == "kfd":
        shutil.copytree(entry.path, machine.root / "sys/class/kfd/kfd/topology")
    else:
        shutil.copytree(entry.path, machine.root / "sys/class/drm")
    machine.file("/dev/kfd")
    for minor in range(128, 192):
        machine.file(f"/dev/dri/renderD{minor}")


@pytest.mark.parametrize("entry", known(), ids=name)
def test_the_choice_for_a_recorded_machine(machine, table, entry):
    set_up(machine, entry)
    facts = machine.facts()
    # The recordings are of x86-64 machines, whatever runs this test.
    selection = choose(replace(facts, host=replace(facts.host, arch="x86_64")), table).selection
    expected = BETTER_KNOWN.get(entry["file"], entry.wheel)
    assert selection.wheel == expected
    backend = "cuda" if expected.startswith("cu") else "rocm" if expected[0] == "r" else "cpu"
    assert selection.backend == backend
    if backend != "cpu":
        assert selection.torch == OLDER.get(expected, "2.13.0")
    if entry["vendor"] in ("nvidia", "amd"):
        assert facts.gpus, "the machine's GPU was not seen"


def one(file: str) -> Entry:
    (entry,) = [e for e in entries() if e.place == COMMITTED and e["file"] == file]
    return entry


def test_partitions_of_one_card_are_all_seen(machine):
    set_up(machine, one("amd/kfd/mi300x-cpx-partitions/"))
    assert [gpu.gfx for gpu in machine.facts().gpus] == ["gfx942"] * 4


def test_a_gpu_of_another_vendor_is_none(machine):
    set_up(machine, one("none/sysfs-drm/intel-b580/"))
    assert machine.facts().gpus == ()


@pytest.mark.parametrize(("card", "slices"), [("h100", 4), ("h200", 5)])
def test_recorded_mig_slices(card, slices):
    text = one(f"nvidia/nvidia-smi-L/linux-x86_64_{card}-mig_590.48.01.txt").path.read_text("utf-8")
    assert sum(s.slice_of is not None for s in parse_list(text)) == slices


@pytest.mark.parametrize("module", ["open-module-550.144.03", "closed-module-375.74"])
def test_recorded_driver_versions(module):
    text = one(f"nvidia/proc-driver-version/{module}.txt").path.read_text("utf-8")
    assert parse_driver_version(text) == module.rpartition("-")[2]
