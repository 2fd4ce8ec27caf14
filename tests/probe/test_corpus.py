"""Recorded outputs of real machines, where the folder with them lies beside the checkout."""

import csv
import shutil
from pathlib import Path

import pytest

from probe.decide.choose import choose
from probe.detect.parse.nvidia_proc import parse_driver_version
from probe.detect.parse.nvidia_smi import parse_list
from probe.frozen_record import replace

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason=f"no recorded machines here ({CORPUS} does not exist)"
)

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
}


def rows() -> list[dict[str, str]]:
    """The machines whose recorded facts suffice for a choice."""
    if not CORPUS.is_dir():
        return []
    with (CORPUS / "INDEX.tsv").open(encoding="utf-8") as index:
        lines = list(csv.DictReader(index, delimiter="\t"))
    return [
        line
        for line in lines
        if line["file"].split("/")[1] in KINDS and line["best_torch_2.13_wheel"] != "unknown"
    ]


def set_up(machine, file: str) -> None:
    kind, source = file.split("/")[1], CORPUS / file
    if kind == "nvidia-smi-csv":
        machine.printing_tool("nvidia-smi", source.read_text(encoding="utf-8"))
    elif kind == "rocm-smi-json":
        machine.printing_tool("rocm-smi", source.read_text(encoding="utf-8"))
    elif kind == "rocminfo":
        machine.printing_tool("rocminfo", source.read_text(encoding="utf-8"))
    elif kind == "kfd":
        shutil.copytree(source, machine.root / "sys/class/kfd/kfd/topology")
    else:
        shutil.copytree(source, machine.root / "sys/class/drm")
    machine.file("/dev/kfd")
    for minor in range(128, 192):
        machine.file(f"/dev/dri/renderD{minor}")


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"].rstrip("/"))
def test_the_choice_for_a_recorded_machine(machine, table, row):
    set_up(machine, row["file"])
    facts = machine.facts()
    # The recordings are of x86-64 machines, whatever runs this test.
    selection = choose(replace(facts, host=replace(facts.host, arch="x86_64")), table).selection
    expected = BETTER_KNOWN.get(row["file"], row["best_torch_2.13_wheel"].split(" ")[0])
    assert selection.wheel == expected
    backend = "cuda" if expected.startswith("cu") else "rocm" if expected[0] == "r" else "cpu"
    assert selection.backend == backend
    if backend != "cpu":
        assert selection.torch == "2.13.0"
    if row["vendor"] in ("nvidia", "amd"):
        assert facts.gpus, "the machine's GPU was not seen"


def test_partitions_of_one_card_are_all_seen(machine):
    set_up(machine, "amd/kfd/mi300x-cpx-partitions/")
    assert [gpu.gfx for gpu in machine.facts().gpus] == ["gfx942"] * 4


def test_a_gpu_of_another_vendor_is_none(machine):
    set_up(machine, "none/sysfs-drm/intel-b580/")
    assert machine.facts().gpus == ()


@pytest.mark.parametrize(("name", "slices"), [("h100", 4), ("h200", 5)])
def test_recorded_mig_slices(name, slices):
    text = (CORPUS / f"nvidia/nvidia-smi-L/linux-x86_64_{name}-mig_590.48.01.txt").read_text()
    assert sum(s.slice_of is not None for s in parse_list(text)) == slices


@pytest.mark.parametrize("version", ["550.144.03", "375.74"])
def test_recorded_driver_versions(version):
    (file,) = (CORPUS / "nvidia/proc-driver-version").glob(f"*{version}.txt")
    assert parse_driver_version(file.read_text()) == version
