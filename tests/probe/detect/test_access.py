"""Presence is not access: what the kernel shows against what /dev and the tools allow."""

from probe.decide.choose import choose
from probe.detect.access import judge
from probe.detect.evidence import Evidence
from probe.detect.merge import Merged
from probe.facts import Facts, Host, Node, Sighting
from probe.findings.gpu import Hidden, NodeClosed
from probe.report.schema import report


def only_gpu(report):
    assert len(report["gpus"]) == 1
    return report["gpus"][0]


def test_sysfs_in_a_container_without_the_amd_gpu(machine):
    machine.amd_sysfs()
    machine.container()
    report = machine.report()
    gpu = only_gpu(report)
    assert (gpu["state"], gpu["why"]) == ("present", "no /dev/kfd in this container")
    assert report["selection"]["backend"] == "cpu"
    assert any("--device /dev/kfd --device /dev/dri" in line for line in report["advice"])


def test_rocm_smi_that_reads_sysfs_is_no_access_either(machine):
    machine.amd_sysfs()
    machine.printing_tool("rocm-smi", '{"card0": {"PCI Bus": "0000:03:00.0"}}')
    assert only_gpu(machine.report())["state"] == "present"


def test_a_missing_render_node_is_named(machine):
    machine.amd_sysfs()
    machine.file("/dev/kfd")
    machine.file("/dev/dri/renderD129")
    assert only_gpu(machine.report())["why"] == "no /dev/dri/renderD128"


def test_a_card_that_kfd_leaves_out(machine):
    machine.amd()
    machine.file(
        "/sys/class/drm/card1/device/uevent",
        "DRIVER=amdgpu\nPCI_ID=1002:6617\nPCI_SLOT_NAME=0000:04:00.0\n",
    )
    report = machine.report()
    assert [gpu["state"] for gpu in report["gpus"]] == ["accessible", "present"]
    assert report["gpus"][1]["gfx"] == "gfx602"
    assert report["selection"]["visible_devices"] == ["0"]


def test_proc_in_a_container_without_the_nvidia_gpu(machine):
    machine.nvidia_sysfs()
    machine.container()
    report = machine.report()
    gpu = only_gpu(report)
    assert (gpu["state"], gpu["why"]) == ("present", "no /dev/nvidiactl in this container")
    assert any("--gpus all" in line for line in report["advice"])


def test_a_container_given_one_card_of_two(machine):
    machine.nvidia_sysfs()
    machine.nvidia()
    machine.file("/sys/bus/pci/devices/0000:02:00.0/vendor", "0x10de\n")
    machine.file("/sys/bus/pci/devices/0000:02:00.0/device", "0x2684\n")
    machine.container()
    report = machine.report()
    assert [gpu["state"] for gpu in report["gpus"]] == ["accessible", "present"]
    assert report["gpus"][1]["why"] == "nvidia-smi does not list it"


def test_a_card_bound_to_another_driver(machine):
    machine.nvidia_sysfs()
    machine.file("/sys/bus/pci/devices/0000:01:00.0/uevent", "DRIVER=nouveau\n")
    report = machine.report()
    assert only_gpu(report)["why"] == "bound to nouveau, not to NVIDIA's driver"
    assert report["selection"]["backend"] == "cpu"


def test_intel_and_bmc_graphics_are_no_gpus(machine):
    for bus, vendor in (("0000:00:02.0", "0x8086"), ("0000:03:00.0", "0x1a03")):
        machine.file(f"/sys/bus/pci/devices/{bus}/vendor", vendor)
        machine.file(f"/sys/bus/pci/devices/{bus}/class", "0x030000")
    assert machine.report()["gpus"] == []


def test_audio_functions_of_graphics_cards_are_no_gpus(machine):
    machine.file("/sys/bus/pci/devices/0000:01:00.1/vendor", "0x10de\n")
    machine.file("/sys/bus/pci/devices/0000:01:00.1/class", "0x040300\n")
    assert machine.report()["gpus"] == []


def test_wsl_goes_by_the_windows_driver(machine):
    machine.file("/dev/dxg")
    machine.file("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n")
    machine.nvidia(
        "0, GPU-a, NVIDIA GeForce RTX 3080, 527.41, 10240, 00000000:01:00.0, 0x220610DE, 8.6, [N/A]"
    )
    report = machine.report()
    assert report["host"]["wsl"] is True
    # 527.41 is above the floor of Linux and below that of Windows (528.33).
    assert report["selection"]["backend"] == "cpu"
    assert "driver 527.41 is older than 528.33" in report["advice"][0]


CLOSED = (
    Node(path="/dev/kfd", group=993, open_to_all=False, usable=False),
    Node(path="/dev/dri/renderD128", group=44, open_to_all=False, usable=False),
)
RX_7900 = Merged(
    sighting=Sighting(vendor="amd", index=0, gfx="gfx1100", render_minor=128),
    sources=frozenset({"kfd"}),
)


def facts_with_closed_nodes(*, container: bool) -> Facts:
    host = Host(arch="x86_64", os="linux", container=container)
    evidence = Evidence(host=host, nodes=CLOSED, kfd_listed=True, environ={})
    return Facts(host=host, gpus=judge([RX_7900], evidence), nodes=CLOSED)


def test_closed_nodes_on_a_host_still_serve_a_container(table):
    facts = facts_with_closed_nodes(container=False)
    assert facts.gpus[0].state == "present"
    assert facts.gpus[0].why == NodeClosed(path="/dev/kfd", groups=(44, 993))
    selection = choose(facts, table).selection
    assert selection.backend == "rocm"
    assert selection.run_flags[4:] == ("--group-add", "44", "--group-add", "993")


def test_what_is_hidden_is_so_behind_closed_nodes_as_well(table):
    """A user who is not in the nodes' group and has hidden a card got it handed over."""
    host = Host(arch="x86_64", os="linux")
    environ = {"ROCR_VISIBLE_DEVICES": ""}
    evidence = Evidence(host=host, nodes=CLOSED, kfd_listed=True, environ=environ)
    facts = Facts(host=host, gpus=judge([RX_7900], evidence), nodes=CLOSED)
    assert facts.gpus[0].why == Hidden(variable="ROCR_VISIBLE_DEVICES", value="")
    assert str(facts.gpus[0].why) == "hidden by an empty ROCR_VISIBLE_DEVICES"
    assert choose(facts, table).selection.backend == "cpu"


def test_closed_nodes_in_a_container_do_not(table):
    facts = facts_with_closed_nodes(container=True)
    choice = choose(facts, table)
    assert choice.selection.backend == "cpu"
    assert any("--group-add 44 --group-add 993" in line for line in report(facts, choice)["advice"])


def test_an_apu_counts_the_memory_it_borrows(machine):
    """Strix Halo: 512 MiB carved out, the rest is GTT."""
    base = "/sys/class/drm/card0/device"
    machine.file(f"{base}/uevent", "DRIVER=amdgpu\nPCI_ID=1002:1586\nPCI_SLOT_NAME=0000:c5:00.0\n")
    machine.file(f"{base}/mem_info_vram_total", str(512 << 20))
    machine.file(f"{base}/mem_info_gtt_total", str(60 << 30))
    machine.amd_nodes()
    report = machine.report()
    assert only_gpu(report)["gfx"] == "gfx1151"
    assert only_gpu(report)["memory_mib"] == 512 + 60 * 1024
    assert report["selection"]["wheel"] == "rocm7.2"


def test_the_carve_out_alone_is_not_a_processors_graphics_memory(machine):
    """Strix Halo without DRM's word on GTT: 512 MiB would say that no model fits."""
    properties = "simd_count 80\ngfx_target_version 110501\nvendor_id 4098\nlocation_id 50176\n"
    node = "/sys/class/kfd/kfd/topology/nodes/1"
    machine.file(f"{node}/properties", properties)
    machine.file(f"{node}/mem_banks/0/properties", "heap_type 1\nsize_in_bytes 536870912\n")
    machine.amd_nodes()
    gpu = only_gpu(machine.report())
    assert (gpu["gfx"], gpu["memory_mib"]) == ("gfx1151", None)


def test_a_pod_without_a_token_is_a_container_too(machine):
    """automountServiceAccountToken: false, and cgroup v2 says nothing."""
    machine.amd_sysfs()
    machine.file("/proc/1/cgroup", "0::/\n")
    machine.variables = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    report = machine.report()
    assert report["host"]["container"]
    assert any("resources.limits amd.com/gpu: 1" in line for line in report["advice"])


def test_a_card_that_the_driver_holds_is_not_called_too_old_for_it(machine):
    """Whatever our list of last drivers says, /proc/driver/nvidia lists what is driven."""
    bus = "0000:01:00.0"
    machine.nvidia_sysfs()
    machine.nvidia_nodes()
    machine.file(f"/sys/bus/pci/devices/{bus}/device", "0x1b80\n")
    version = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  590.48.01  Release Build\n"
    machine.file("/proc/driver/nvidia/version", version)
    assert "590.48.01 does not serve it any more" in only_gpu(machine.report())["why"]
    information = f"Model: NVIDIA GeForce GTX 1080\nBus Location: {bus}\n"
    machine.file(f"/proc/driver/nvidia/gpus/{bus}/information", information)
    report = machine.report()
    assert only_gpu(report)["state"] == "accessible"
    assert report["selection"]["wheel"] == "cu126"
