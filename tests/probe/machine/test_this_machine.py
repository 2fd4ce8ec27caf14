"""Where tools are looked for and how this machine names itself."""

import os

from probe.machine.this_machine import Machine, find_executable


def test_the_tool_of_wsl_goes_before_the_one_of_a_linux_driver(machine):
    machine.tool("nvidia-smi", "echo it couldn't communicate with the driver; exit 9")
    machine.file("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2")
    row = "0, GPU-a, NVIDIA GeForce RTX 3080, 581.57, 10240, 00000000:01:00.0, 0x220610DE, 8.6"
    header = (
        "index, uuid, name, driver_version, memory.total, pci.bus_id, pci.device_id, compute_cap"
    )
    machine.file("/usr/lib/wsl/lib/nvidia-smi", f'#!/bin/sh\necho "{header}"\necho "{row}"\n')
    (machine.root / "usr/lib/wsl/lib/nvidia-smi").chmod(0o755)
    assert machine.report()["selection"]["wheel"] == "cu130"


def test_a_tool_that_is_nowhere_is_an_outcome(machine):
    outcome = machine.machine().run("nvidia-smi", [], 1)
    assert (outcome.failure, outcome.why, outcome.exit) == ("not-installed", "not installed", None)


def test_a_tool_that_can_not_be_started_is_another(machine):
    (machine.tools / "rocminfo").write_bytes(b"\x7fELF of another machine")
    (machine.tools / "rocminfo").chmod(0o755)
    assert machine.machine().run("rocminfo", [], 5).failure == "not-started"


def test_a_tool_where_vendors_put_it_is_found_beside_path(machine):
    machine.file("/opt/rocm/bin/rocminfo", "#!/bin/sh\n")
    tool = machine.root / "opt/rocm/bin/rocminfo"
    tool.chmod(0o755)
    assert machine.machine().find("rocminfo") == str(tool)
    assert machine.machine().find("amd-smi") is None


def test_the_platform_is_what_uname_says():
    system = os.uname()
    assert Machine().platform().system == system.sysname.lower()


def test_where_there_is_no_uname(monkeypatch):
    monkeypatch.delattr(os, "uname")
    platform = Machine(environ={"PROCESSOR_ARCHITECTURE": "AMD64"}).platform()
    assert (platform.system, platform.arch) == ("windows", "AMD64")


def test_find_executable(tmp_path):
    (tmp_path / "directory").mkdir()
    (tmp_path / "plain").write_text("")
    assert find_executable("sh", ["/nowhere", "/bin"]) == "/bin/sh"
    assert find_executable("directory", [str(tmp_path)]) is None
    if os.geteuid() != 0 or not os.access(tmp_path / "plain", os.X_OK):
        assert find_executable("plain", [str(tmp_path)]) is None


def test_a_pods_tools_are_found_where_gke_mounts_them(machine):
    machine.file("/usr/local/nvidia/bin/nvidia-smi", "#!/bin/sh\n")
    tool = machine.root / "usr/local/nvidia/bin/nvidia-smi"
    tool.chmod(0o755)
    assert machine.machine().find("nvidia-smi") == str(tool)
