"""The whole room on recordings whose form the probe does not read: their facts, by its own eyes.

The probe asks nvidia-smi for CSV and rocm-smi for JSON. From recordings as XML the test writes the
CSV that the same tool would have printed (without compute_cap, which XML lacks: the device id has
to do); of tables and texts the index says what is on them.
"""

import re
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from corpus import COMMITTED, Entry, entries, name

from probe.decide.choose import choose
from probe.detect.parse.nvidia_smi import FIELDS
from probe.facts import Facts, Gpu, Host
from probe.machine.host_software import read_host_software

TEXTS = ("nvidia-smi-table", "nvidia-smi-q", "nvidia-smi-version", "nvidia-smi-L", "rocm-smi-text")

DEVICE_ID_BLANKED = ("a10g-drv515.xml", "rtx-3090-drv525.xml")
# The index speaks of torch 2.13 alone; where none of its builds fits, an older line that does is
# chosen (Blackwell with a driver of the 570s).
OLDER_LINE = {"nvidia/nvidia-smi-table/rtx-5090-drv570.124.06.txt": ("2.11.0", "cu128")}


def query_rows(file: Path) -> list[str]:
    """What ``nvidia-smi --query-gpu`` would have printed for a recording as XML."""
    root = ElementTree.parse(file).getroot()
    driver = root.findtext("driver_version") or "[N/A]"
    printed = [", ".join(FIELDS)]
    for index, gpu in enumerate(root.findall("gpu")):
        values = {
            "index": str(index),
            "uuid": gpu.findtext("uuid") or "[N/A]",
            "name": gpu.findtext("product_name") or "[N/A]",
            "driver_version": driver,
            "memory.total": gpu.findtext("fb_memory_usage/total") or "[N/A]",
            "memory.free": gpu.findtext("fb_memory_usage/free") or "[N/A]",
            "pci.bus_id": gpu.get("id") or "[N/A]",
            "pci.device_id": f"0x{gpu.findtext('pci/pci_device_id') or '0'}",
        }
        printed.append(", ".join(values[field] for field in FIELDS))
    return printed


@pytest.mark.parametrize("row", entries("nvidia-smi-xml"), ids=name)
def test_recordings_as_xml(machine, table, row):
    derived = re.search(r"cap (\d+)\.(\d+) from product name", row["how_derived"])
    printed = query_rows(row.path)
    if row["file"].endswith(DEVICE_ID_BLANKED):
        # Such a driver knows compute_cap, so the id is not needed.
        printed = [f"{line}, {derived[1]}.{derived[2]}" for line in printed]
        printed[0] = printed[0].rpartition(",")[0] + ", compute_cap"
    machine.printing_tool("nvidia-smi", "\n".join(printed) + "\n")
    facts = machine.facts()
    if row.wheel == "unknown":
        # Neither driver nor device id: /proc and sysfs would have told them, and were not kept.
        assert facts.gpus[0].driver is None
        return
    assert len(facts.gpus) == len(printed) - 1
    assert facts.gpus[0].compute_capability == (int(derived[1]), int(derived[2]))
    host = Host(arch="x86_64", os="linux")
    selection = choose(Facts(host=host, gpus=facts.gpus), table).selection
    assert selection.wheel == row.wheel


def machine_of(row: Entry) -> Facts:
    """The facts that the index gives for a recording."""
    arch = "aarch64" if "aarch64" in row["file"] + row["how_derived"] else "x86_64"
    host = Host(
        arch=arch,
        os="linux",
        wsl="wsl" in row["file"] or "windows" in row["file"],
        tegra="jetson" in row["file"],
    )
    if row["vendor"] == "amd":
        gfx = re.search(r"gfx\w+", row["hardware"])[0]
        gpu = Gpu(vendor="amd", index=0, name="card", gfx=gfx, state="accessible")
        return Facts(host=host, gpus=(gpu,))
    capability = re.search(r"\bcap (\d+)\.(\d+)", row["how_derived"])
    gpu = Gpu(
        vendor="nvidia",
        index=0,
        name="card",
        driver=row["driver_version"],
        compute_capability=(int(capability[1]), int(capability[2])) if capability else (8, 7),
        state="accessible",
    )
    return Facts(host=host, gpus=(gpu,))


@pytest.mark.parametrize("row", entries(*TEXTS), ids=name)
def test_recordings_as_text(table, row):
    selection = choose(machine_of(row), table).selection
    expected = OLDER_LINE.get(row["file"], ("2.13.0", row.wheel))
    assert (selection.torch, selection.wheel) == expected


def test_a_card_known_by_sysfs_and_proc_alone(machine):
    """The index has no wheel for it: the driver's version is in /proc, which was not recorded."""
    shutil.copytree(COMMITTED / "nvidia/sysfs-drm/rtx4080", machine.root / "sys/class/drm")
    machine.file("/proc/driver/nvidia/version", "NVRM version: x  580.95.05  Release\n")
    machine.nvidia_nodes()
    (gpu,) = machine.report()["gpus"]
    assert (gpu["compute_capability"], gpu["driver"]) == ("8.9", "580.95.05")


@pytest.mark.parametrize("version", ["open-module-550.144.03", "closed-module-375.74"])
def test_a_driver_without_a_card_is_no_gpu(machine, version):
    text = (COMMITTED / f"nvidia/proc-driver-version/{version}.txt").read_text()
    machine.file("/proc/driver/nvidia/version", text)
    assert machine.report()["selection"]["backend"] == "cpu"


@pytest.mark.parametrize("row", entries("cdi"), ids=name)
def test_cdi_files_are_seen(machine, row):
    machine.file("/etc/cdi/nvidia.yaml", row.path.read_text(encoding="utf-8"))
    assert read_host_software(machine.machine()).cdi is True


def test_no_row_of_the_index_is_left_out():
    """Every kind of recording is in this file or in test_corpus.py."""
    here = {*TEXTS, "nvidia-smi-xml", "proc-driver-version", "cdi"}
    there = {"nvidia-smi-csv", "rocm-smi-json", "rocminfo", "kfd", "sysfs-drm"}
    assert {entry.kind for entry in entries()} == here | there


def test_the_committed_files_are_those_of_its_index():
    named = [entry.path for entry in entries() if entry.place == COMMITTED]
    assert [path for path in named if not path.exists()] == []
    files = {path for path in COMMITTED.rglob("*") if path.is_file()}
    covered = {file for file in files for path in named if file == path or path in file.parents}
    assert {file.name for file in files - covered} == {"INDEX.tsv", "README.md"}


@pytest.mark.parametrize("entry", entries(), ids=name)
def test_where_each_is_from_is_said(entry):
    assert entry["license"]
    if entry.place == COMMITTED:
        assert entry["source"].startswith(f"https://github.com/{entry['source_repo']}/")
