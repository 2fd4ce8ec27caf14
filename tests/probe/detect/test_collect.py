"""End to end: tools on PATH and a sysfs tree in, the report out."""

import pytest

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
    assert report["rejected"] == [
        {
            "wheel": "cu132",
            "code": "build-experimental",
            "causes": [],
            "why": "experimental for torch 2.13",
        }
    ]


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
        line.startswith(f"NVIDIA GeForce RTX 4090: {report['gpus'][0]['why']}; ")
        for line in report["advice"]
    )


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
    assert [entry.finding.code for entry in choice.advice] == ["jetson-driver-too-old"]
    assert "JetPack 7" in choice.advice[0].text("host")


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
    assert facts.hsa_override == "10.3.0"


def test_a_tool_that_can_not_be_started_hides_no_other(machine):
    machine.nvidia()
    wrong = machine.root / "usr/lib/wsl/lib/nvidia-smi"  # asked first
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"\x7fELF of another machine")
    wrong.chmod(0o755)
    assert machine.report()["selection"]["wheel"] == "cu130"
