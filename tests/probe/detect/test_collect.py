"""End to end: tools on PATH and a sysfs tree in, the report out."""

import time

import pytest

from probe.detect.run_probes import PROBES
from probe.report.schema import Report


def gpu_states(report: Report) -> list[tuple[str, str]]:
    return [(gpu["vendor"], gpu["state"]) for gpu in report["gpus"]]


def test_amd_only_is_rocm(machine):
    machine.amd()
    report = machine.report()
    assert gpu_states(report) == [("amd", "accessible")]
    selection = report["selection"]
    assert (selection["backend"], selection["image"], selection["device"]) == (
        "rocm",
        "rocm",
        "cuda",
    )
    assert (selection["torch"], selection["wheel"]) == ("2.13.0", "rocm7.2")
    assert selection["visible_devices"] == ["0"]
    assert selection["run_flags"][:4] == ["--device", "/dev/kfd", "--device", "/dev/dri"]
    gpu = report["gpus"][0]
    assert (gpu["name"], gpu["gfx"], gpu["memory_mib"]) == ("Radeon RX 7900 XTX", "gfx1100", 24560)


def test_nvidia_only_is_cuda(machine):
    machine.nvidia()
    report = machine.report()
    assert gpu_states(report) == [("nvidia", "accessible")]
    selection = report["selection"]
    assert (selection["backend"], selection["image"], selection["wheel"]) == (
        "cuda",
        "cuda",
        "cu130",
    )
    assert selection["visible_devices"] == ["GPU-11111111-2222-3333-4444-555555555555"]
    assert selection["run_flags"] == ["--gpus", "all"]
    assert report["rejected"] == [{"wheel": "cu132", "why": "experimental for torch 2.13"}]


def test_both_is_nvidia_first(machine):
    machine.nvidia()
    machine.amd()
    report = machine.report()
    assert gpu_states(report) == [("nvidia", "accessible"), ("amd", "accessible")]
    assert report["selection"]["backend"] == "cuda"
    assert any("RX 7900 XTX is left unused" in line for line in report["advice"])


def test_none_is_cpu(machine):
    report = machine.report()
    assert report["gpus"] == []
    assert report["selection"]["backend"] == "cpu"
    assert report["selection"]["wheel"] == "cpu"
    assert report["selection"]["run_flags"] == []
    assert {line["why"] for line in report["trace"] if line["command"]} == {"not installed"}


def test_tools_alone_are_believed(machine):
    """A rocm-smi that answers where sysfs shows nothing: the only witness there is."""
    machine.printing_tool("rocm-smi", '{"card0": {"GFX Version": "gfx1100"}}')
    assert machine.report()["selection"]["backend"] == "rocm"


@pytest.mark.parametrize("exit_code", [6, 9, 12, 15, 17, 18, 255])
def test_a_dead_nvidia_driver_does_not_hide_a_healthy_amd_card(machine, exit_code):
    machine.nvidia_sysfs()
    machine.nvidia_nodes()
    machine.amd()
    machine.printing_tool("nvidia-smi", "Failed to initialize NVML\n", exit_code)
    report = machine.report()
    assert gpu_states(report) == [("nvidia", "dead"), ("amd", "accessible")]
    assert report["selection"]["backend"] == "rocm"
    assert any(
        line.startswith(f"NVIDIA GPU: {report['gpus'][0]['why']}; ") for line in report["advice"]
    )


def test_a_query_with_an_unknown_field_is_asked_again_without_it(machine):
    machine.tool(
        "nvidia-smi",
        'case "$1" in *compute_cap*) echo \'Field "compute_cap" is not a valid field to query.\';'
        " exit 2;; esac\n"
        'echo "index, uuid, name, driver_version, memory.total [MiB], pci.bus_id, pci.device_id"\n'
        'echo "0, GPU-a, Tesla T4, 470.82.01, 15109, 00000000:00:1E.0, 0x1EB810DE"',
    )
    report = machine.report()
    # The capability comes from the device id, not from the name.
    assert report["gpus"][0]["compute_capability"] == "7.5"
    assert report["selection"]["backend"] == "cpu"
    assert "driver 470.82.01 is older than 525.60.13; update it to 580" in report["advice"][0]
    assert [line["exit"] for line in report["trace"] if line["probe"] == "nvidia-smi"] == [2, 0]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("/bin/cat {answer}; exec /bin/sleep 60", id="prints, then hangs"),
        pytest.param("/bin/sleep 60 & /bin/sleep 60", id="forks and hangs"),
        pytest.param("trap '' TERM; while :; do /bin/sleep 1; done", id="ignores signals"),
    ],
)
def test_a_hanging_tool_is_answered_within_its_bound(machine, script):
    machine.nvidia()
    machine.tool("nvidia-smi", script.format(answer=machine.tools / "nvidia-smi.txt"))
    machine.tool("rocm-smi", "exec /bin/sleep 60")
    machine.tool("rocminfo", "exec /bin/sleep 60")
    started = time.monotonic()
    facts = machine.facts(timeout_s=0.5)
    assert time.monotonic() - started < 5
    assert facts.gpus == ()
    hung = {line.probe: line.why for line in facts.trace if line.command}
    assert hung.pop("amd-smi") == "not installed"
    assert set(hung.values()) == {"no answer within 0.5 s"}


def test_a_tool_that_leaves_a_child_behind_has_answered(machine):
    machine.nvidia()
    machine.tool("nvidia-smi", f"/bin/sleep 60 &\n/bin/cat {machine.tools}/nvidia-smi.txt")
    started = time.monotonic()
    assert len(machine.facts().gpus) == 1
    assert time.monotonic() - started < 4


def test_endless_output_is_cut_off(machine):
    machine.tool("rocm-smi", "while :; do echo 0123456789012345678901234567890123456789; done")
    facts = machine.facts()
    assert facts.gpus == ()
    assert [t.why for t in facts.trace if t.probe == "rocm-smi"] == ["printed more than 1024 KiB"]


def test_a_probe_that_raises_is_a_finding(machine, monkeypatch):
    def broken(context):
        raise RuntimeError("boom")

    monkeypatch.setitem(PROBES, "kfd", broken)
    machine.nvidia()
    facts = machine.facts()
    assert len(facts.gpus) == 1
    assert [t.why for t in facts.trace if t.probe == "kfd"] == ["failed: RuntimeError: boom"]


def test_rows_are_kept_when_the_exit_code_complains(machine):
    """A corrupt infoROM exits with 14 after complete rows."""
    machine.nvidia()
    text = (
        "WARNING: infoROM is corrupted at gpu 0000:01:00.0\n"
        + (machine.tools / "nvidia-smi.txt").read_text()
    )
    machine.printing_tool("nvidia-smi", text, 14)
    assert machine.report()["selection"]["wheel"] == "cu130"


def test_mig_slices_take_their_gpus_place(machine):
    row = (
        "0, GPU-a, NVIDIA H100 80GB HBM3, 590.48.01, 81559, 00000000:01:00.0, 0x233010DE, 9.0, "
        "Enabled"
    )
    machine.nvidia(row)
    machine.tool(
        "nvidia-smi",
        f'if [ "$1" != -L ]; then exec /bin/cat {machine.tools}/nvidia-smi.txt; fi\n'
        'echo "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-a)"\n'
        'echo "  MIG 1g.10gb     Device  0: (UUID: MIG-small)"\n'
        'echo "  MIG 3g.40gb     Device  1: (UUID: MIG-large)"\n',
    )
    report = machine.report()
    assert [gpu["uuid"] for gpu in report["gpus"]] == ["MIG-small", "MIG-large"]
    assert report["gpus"][1]["memory_mib"] == 40 * 1024
    assert report["selection"]["visible_devices"] == ["MIG-large"]


def test_mig_mode_without_a_slice_is_not_usable(machine):
    row = "0, GPU-a, NVIDIA H100, 590.48.01, 81559, 00000000:01:00.0, 0x233010DE, 9.0, Enabled"
    machine.nvidia(row)
    machine.tool(
        "nvidia-smi",
        f'if [ "$1" = -L ]; then echo "GPU 0: NVIDIA H100 (UUID: GPU-a)"; exit; fi\n'
        f"exec /bin/cat {machine.tools}/nvidia-smi.txt",
    )
    report = machine.report()
    assert report["gpus"][0]["why"] == "MIG mode is on and no slice was made"
    assert report["selection"]["backend"] == "cpu"


def test_jetson_before_jetpack_7_has_no_build(machine, monkeypatch, table):
    from probe.decide.choose import choose
    from probe.frozen_record import replace

    machine.nvidia("0, [N/A], Orin (nvgpu), 540.5.0, [N/A], [N/A], [N/A], 8.7, [N/A]")
    facts = machine.facts()
    assert facts.host.tegra
    choice = choose(replace(facts, host=replace(facts.host, arch="aarch64")), table)
    assert choice.selection.backend == "cpu"
    assert "JetPack 7" in choice.advice[0]


def test_tools_are_asked_without_the_override(machine):
    """rocminfo would tell what the override makes of the card, not what it is."""
    machine.amd_nodes()
    machine.tool(
        "rocminfo",
        'echo "Agent 1"; echo "  Name:                    ${HSA_OVERRIDE_GFX_VERSION:-gfx1031}"\n'
        'echo "  Device Type:             GPU"',
    )
    machine.variables = {"HSA_OVERRIDE_GFX_VERSION": "10.3.0"}
    facts = machine.facts()
    assert [gpu.gfx for gpu in facts.gpus] == ["gfx1031"]
    assert facts.disguise == "10.3.0"


def test_a_tool_that_can_not_be_started_hides_no_other(machine):
    machine.nvidia()
    wrong = machine.root / "usr/lib/wsl/lib/nvidia-smi"  # asked first
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"\x7fELF of another machine")
    wrong.chmod(0o755)
    assert machine.report()["selection"]["wheel"] == "cu130"


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


def test_a_tool_that_never_knows_what_it_does_not_know_is_left(machine):
    """It complains of another field every time, and of none in between."""
    count = machine.tools / "count"
    machine.tool(
        "nvidia-smi",
        f"echo x >> {count}\nodd=$(($(/usr/bin/wc -l < {count}) % 2))\n"
        "[ $odd = 0 ] || echo 'Field \"name\" is not a valid field'\nexit 2",
    )
    assert machine.report()["selection"]["backend"] == "cpu"
    assert count.read_text().count("x") < 20
