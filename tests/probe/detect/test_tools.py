"""The probes that run a vendor's tool: what they ask, and what they make of an answer."""

from probe.detect.probe_result import Context
from probe.detect.tools import (
    probe_amd_smi,
    probe_libcuda,
    probe_nvidia_smi,
    probe_rocm_smi,
    probe_rocminfo,
)
from probe.facts import HsaView


def context(machine) -> Context:
    return Context(machine=machine.machine(), timeout_s=5.0)


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


def test_endless_output_is_cut_off(machine):
    machine.tool("rocm-smi", "while :; do echo 0123456789012345678901234567890123456789; done")
    facts = machine.facts()
    assert facts.gpus == ()
    assert [t.why for t in facts.trace if t.probe == "rocm-smi"] == ["printed more than 1024 KiB"]


def test_rows_are_kept_when_the_exit_code_complains(machine):
    """A corrupt infoROM exits with 14 after complete rows."""
    machine.nvidia()
    text = (
        "WARNING: infoROM is corrupted at gpu 0000:01:00.0\n"
        + (machine.tools / "nvidia-smi.txt").read_text()
    )
    machine.printing_tool("nvidia-smi", text, 14)
    assert machine.report()["selection"]["wheel"] == "cu130"


HANDLE = "Unable to determine the device handle for GPU0000:02:00.0: Unknown Error"


def test_one_card_without_a_handle_does_not_hide_the_others(machine):
    """nvidia-smi prints the complaint alone; asked for the other card by name, it answers."""
    for bus in ("0000:01:00.0", "0000:02:00.0"):
        machine.file(f"/proc/driver/nvidia/gpus/{bus}/information", f"Bus Location: {bus}\n")
    machine.nvidia_sysfs()
    machine.nvidia_nodes()
    machine.nvidia()
    answer = machine.tools / "nvidia-smi.txt"
    machine.tool(
        "nvidia-smi",
        f'[ "$3" = --id=0000:01:00.0 ] && exec /bin/cat {answer}\necho "{HANDLE}"; exit 255',
    )
    found = probe_nvidia_smi(context(machine))
    assert [(s.bus, s.fault) for s in found.sightings] == [
        ("0000:01:00.0", None),
        ("0000:02:00.0", 255),
    ]
    assert (found.named, found.answered) == (True, True)
    report = machine.report()
    assert [(gpu["state"], gpu["code"]) for gpu in report["gpus"]] == [
        ("accessible", None),
        ("dead", "nvidia-no-handle"),
    ]
    assert report["selection"]["wheel"] == "cu130"


def test_a_card_that_is_the_only_one_and_has_no_handle(machine):
    machine.printing_tool("nvidia-smi", HANDLE, 255)
    found = probe_nvidia_smi(context(machine))
    assert [(s.bus, s.fault) for s in found.sightings] == [("0000:02:00.0", 255)]
    assert (found.named, found.answered, len(found.trace)) == (True, False, 1)
    assert machine.report()["gpus"][0]["code"] == "nvidia-no-handle"


def test_rows_with_a_complaint_about_another_card(machine):
    machine.nvidia()
    answer = machine.tools / "nvidia-smi.txt"
    machine.tool("nvidia-smi", f'/bin/cat {answer}; echo "{HANDLE}" >&2; exit 255')
    found = probe_nvidia_smi(context(machine))
    assert [(s.bus, s.fault) for s in found.sightings] == [
        ("0000:01:00.0", None),
        ("0000:02:00.0", 255),
    ]


def test_rows_that_came_before_a_crash_count(machine):
    machine.nvidia()
    answer = machine.tools / "nvidia-smi.txt"
    machine.tool("nvidia-smi", f"/bin/cat {answer}; kill -SEGV $$")
    found = probe_nvidia_smi(context(machine))
    assert (len(found.sightings), found.cut, found.answered) == (1, True, True)
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


def test_a_tool_that_is_not_there_was_not_tried(machine):
    for probe in (probe_nvidia_smi, probe_rocm_smi, probe_amd_smi, probe_rocminfo):
        result = probe(context(machine))
        assert (result.tried, result.answered, result.sightings) == (False, False, ())
        assert result.trace[-1].why == "not installed"


def test_what_a_failing_tool_said_first_is_its_reason(machine):
    machine.tool("rocm-smi", "echo 'ERROR: no driver'; echo more; exit 4")
    result = probe_rocm_smi(context(machine))
    assert (result.tried, result.answered) == (True, False)
    assert result.trace[0].why == "exit 4: ERROR: no driver"


def test_a_reason_can_not_write_over_itself(machine):
    """A carriage return would show the rest of the line in place of its beginning."""
    machine.tool("rocm-smi", "printf 'driver missing\\rall is well'; exit 1")
    assert probe_rocm_smi(context(machine)).trace[0].why == "exit 1: driver missing"


def test_a_tool_that_lists_nothing(machine):
    machine.printing_tool("amd-smi", "[]")
    assert probe_amd_smi(context(machine)).trace[0].why == "lists no GPU"


def test_rocminfo_that_fails_is_not_read(machine):
    answer = "Agent 1\n  Name:                    gfx1100\n  Device Type:             GPU\n"
    machine.printing_tool("rocminfo", answer)
    assert [s.gfx for s in probe_rocminfo(context(machine)).sightings] == ["gfx1100"]
    machine.printing_tool("rocminfo", answer, 1)
    assert probe_rocminfo(context(machine)).sightings == ()


def test_the_line_on_which_rocminfo_gives_up_is_told(machine):
    refusal = "Unable to open /dev/kfd read-write: Invalid argument"
    machine.printing_tool("rocminfo", f"ROCk module is loaded\n{refusal}\nroot is member\n", 1)
    result = probe_rocminfo(context(machine))
    assert result.hsa == HsaView(refused=refusal)
    assert (result.trace[0].code, result.trace[0].why) == ("exit", f"exit 1: {refusal}")


def test_rocminfo_that_lists_processors_alone(machine):
    cpu = "Agent 1\n  Name:                    AMD Ryzen\n  Device Type:             CPU\n"
    machine.printing_tool("rocminfo", cpu)
    result = probe_rocminfo(context(machine))
    assert (result.sightings, result.hsa) == ((), HsaView(processors=("AMD Ryzen",)))
    assert result.trace[0].why == "lists no GPU"
    machine.printing_tool("rocminfo", cpu + cpu.replace("CPU", "GPU").replace("1", "2"))
    assert probe_rocminfo(context(machine)).hsa is None


def test_libcuda_is_not_asked_without_a_node(machine):
    result = probe_libcuda(context(machine))
    assert (result.tried, result.cuda) == (False, None)
    assert result.trace[0].why == "no NVIDIA device node"
