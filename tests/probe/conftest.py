"""A machine to probe: a directory stands for its root, small executables for its tools."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from probe.decide.choose import choose
from probe.decide.overrides import Overrides
from probe.detect.collect import collect
from probe.facts import Facts
from probe.machine.this_machine import Machine as ProbedMachine
from probe.report.schema import Report, report
from probe.tables.builds import Table, load_table

ROOT = Path(__file__).parents[2]
NVIDIA_HEADER = (
    "index, uuid, name, driver_version, memory.total [MiB], pci.bus_id, pci.device_id, "
    "compute_cap, mig.mode.current"
)
RTX_4090 = (
    "0, GPU-11111111-2222-3333-4444-555555555555, NVIDIA GeForce RTX 4090, 580.95.05, 24564, "
    "00000000:01:00.0, 0x268410DE, 8.9, [N/A]"
)
RX_7900_PROPERTIES = """cpu_cores_count 0
simd_count 192
gfx_target_version 110000
vendor_id 4098
device_id 29772
location_id 768
domain 0
drm_render_minor 128
unique_id 6148914691236517205
"""
RX_7900_SMI = """{"card0": {"Device ID": "0x744c", "PCI Bus": "0000:03:00.0",
 "Card Series": "Radeon RX 7900 XTX", "GFX Version": "gfx1100",
 "VRAM Total Memory (B)": "25753026560"},
 "system": {"Driver version": "6.12.12"}}"""


@dataclass
class Machine:
    """Builds the tree and the tools, and probes them."""

    root: Path
    tools: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": str(self.tools), **self.variables}

    def tool(self, name: str, script: str) -> None:
        """An executable shell script; PATH holds nothing else, so it names /bin/sleep in full."""
        path = self.tools / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def printing_tool(self, name: str, text: str, exit_code: int = 0) -> None:
        answer = self.tools / f"{name}.txt"
        answer.write_text(text)
        self.tool(name, f"/bin/cat {answer}\nexit {exit_code}")

    def file(self, path: str, text: str = "") -> None:
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def nvidia(self, *rows: str) -> None:
        self.printing_tool("nvidia-smi", "\n".join([NVIDIA_HEADER, *(rows or (RTX_4090,))]) + "\n")

    def nvidia_sysfs(self) -> None:
        """What the kernel shows of an RTX 4090, also to containers without it."""
        self.file("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
        self.file("/sys/bus/pci/devices/0000:01:00.0/device", "0x2684\n")
        self.file("/sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n")
        self.file("/sys/bus/pci/devices/0000:01:00.0/uevent", "DRIVER=nvidia\n")
        self.file(
            "/proc/driver/nvidia/version",
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n",
        )

    def nvidia_nodes(self) -> None:
        self.file("/dev/nvidiactl")
        self.file("/dev/nvidia0")

    def amd_sysfs(self) -> None:
        """What the kernel shows of an RX 7900 XTX, also to containers without it."""
        self.file("/sys/class/kfd/kfd/topology/nodes/0/properties", "simd_count 0\n")
        self.file("/sys/class/kfd/kfd/topology/nodes/1/properties", RX_7900_PROPERTIES)
        self.file(
            "/sys/class/drm/card0/device/uevent",
            "DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:744C\nPCI_SLOT_NAME=0000:03:00.0\n",
        )
        self.file("/sys/class/drm/card0/device/mem_info_vram_total", "25753026560\n")

    def amd_nodes(self) -> None:
        self.file("/dev/kfd")
        self.file("/dev/dri/renderD128")

    def amd(self) -> None:
        self.amd_sysfs()
        self.amd_nodes()
        self.printing_tool("rocm-smi", RX_7900_SMI)

    def container(self) -> None:
        self.file("/.dockerenv")

    def facts(self, timeout_s: float = 5.0) -> Facts:
        return collect(machine=self.machine(), timeout_s=timeout_s)

    def machine(self) -> ProbedMachine:
        return ProbedMachine(self.root, self.environ)

    def report(self, overrides: Overrides | None = None) -> Report:
        facts = self.facts()
        return report(facts, choose(facts, load_table(), overrides))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with nothing."""
    root, tools = tmp_path / "root", tmp_path / "tools"
    root.mkdir()
    tools.mkdir()
    return Machine(root=root, tools=tools)


@pytest.fixture
def break_the_probe(tmp_path: Path) -> Callable[[str], str]:
    """Returns the PYTHONPATH with which a function of the probe's raises in a new process."""

    def broken(place: str) -> str:
        module = re.match(r"[a-z_.]*(?=\.)", place)
        assert module is not None
        folder = tmp_path / "broken"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(
            f"import {module[0]}\n"
            "def broken(*arguments):\n"
            "    raise RuntimeError('boom')\n"
            f"{place} = broken\n"
        )
        return f"{folder}:{ROOT}"

    return broken


@pytest.fixture(scope="session")
def table() -> Table:
    """The committed table of builds."""
    return load_table()
