"""The command line as a person and a program meet it."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(machine, tmp_path):
    """Runs ``python -m probe`` (or doctor) with the machine's tools on this machine's root."""

    def call(*arguments, doctor=False, **environ):
        doctor_code = "import sys; from probe.cli import doctor; sys.exit(doctor(sys.argv[1:]))"
        how = ["-c", doctor_code] if doctor else ["-m", "probe"]
        return subprocess.run(
            [sys.executable, *how, *arguments],
            env={"PATH": str(machine.tools), "PYTHONPATH": str(ROOT), **environ},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


def machine_line(run) -> str:
    host = json.loads(run("--json").stdout)["host"]
    parts = [f"{host['os']} on {host['arch']}"]
    parts += ["WSL2"] if host["wsl"] else []
    parts += ["a virtual machine"] if host["where"]["machine"] == "vm" else []
    maker = {"docker": " (Docker)", "podman": " (Podman)"}.get(host["where"]["container"], "")
    parts += [f"in a container{maker}"] if host["container"] else []
    return f"machine   {', '.join(parts)}\n"


needs_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the choice is for x86-64")


@needs_x86
def test_the_whole_text_for_one_machine(machine, run):
    row = "GPU-{0}, {1}, 580.95.05, {2}, 00000000:0{0}:00.0, {3}, {4}, [N/A]"
    machine.nvidia(
        "0, " + row.format(1, "NVIDIA GeForce GTX 1080", 8192, "0x1B8010DE", "6.1"),
        "1, " + row.format(2, "NVIDIA GeForce RTX 4090", 24564, "0x268410DE", "8.9"),
    )
    result = run()
    assert result.returncode == 0, result.stderr
    assert result.stdout == machine_line(run) + (
        "gpu       NVIDIA GeForce GTX 1080 (compute capability 6.1, 8.0 GiB, driver 580.95.05)\n"
        "gpu       NVIDIA GeForce RTX 4090 (compute capability 8.9, 24.0 GiB, driver 580.95.05)\n"
        "choice    NVIDIA CUDA: image cuda, torch 2.13.0 cu130\n"
        "uses      GPU-2\n"
        "          not cu132: experimental for torch 2.13\n"
        "docker    --gpus '\"device=GPU-2\"'\n"
        "note      NVIDIA GeForce GTX 1080 is left out by cu130: no code for compute capability "
        "6.1\n"
    )


@needs_x86
def test_the_whole_object_for_one_machine(machine, run):
    machine.nvidia()
    report = json.loads(run("--json").stdout)
    assert set(report.pop("host")) == {"arch", "os", "wsl", "container", "where", "system"}
    for line in report["trace"]:
        assert line.pop("ms") >= 0
    smi, *others = report.pop("trace")
    assert smi == {
        "probe": "nvidia-smi",
        "command": [
            "nvidia-smi",
            "--query-gpu=index,uuid,name,driver_version,memory.total,memory.free,pci.bus_id,"
            "pci.device_id,compute_cap,mig.mode.current",
            "--format=csv,nounits",
        ],
        "exit": 0,
        "found": 1,
        "code": None,
        "why": None,
    }
    assert [line["probe"] for line in others] == [
        "nvidia-proc",
        "kfd",
        "libcuda",
        "rocm-smi",
        "amd-smi",
        "rocminfo",
        "drm",
        "pci",
    ]
    uuid = "GPU-11111111-2222-3333-4444-555555555555"
    index_url = report["selection"].pop("index_url")
    assert index_url.endswith("/whl/cu130")
    assert report == {
        "schema": 1,
        "gpus": [
            {
                "vendor": "nvidia",
                "index": 0,
                "uuid": uuid,
                "name": "NVIDIA GeForce RTX 4090",
                "memory_mib": 24564,
                "memory_free_mib": None,
                "driver": "580.95.05",
                "compute_capability": "8.9",
                "gfx": None,
                "state": "accessible",
                "code": None,
                "why": None,
                "selected": True,
            }
        ],
        "selection": {
            "backend": "cuda",
            "device": "cuda",
            "torch": "2.13.0",
            "wheel": "cu130",
            "image": "cuda",
            "visible_devices": [uuid],
            "env": {},
            "run_flags": ["--gpus", "all"],
        },
        "rejected": [
            {
                "wheel": "cu132",
                "code": "build-experimental",
                "causes": [],
                "why": "experimental for torch 2.13",
            }
        ],
        "advice": [],
        "advice_parts": [],
        "advice_causes": [],
        "advice_codes": [],
    }


@pytest.mark.parametrize("exit_code", [1, 9, 255])
def test_json_exits_with_0_whatever_the_hardware(machine, run, exit_code):
    machine.printing_tool("nvidia-smi", "NVIDIA-SMI has failed\n", exit_code)
    machine.printing_tool("rocm-smi", "\0\1{[", exit_code)
    result = run("--json")
    assert (result.returncode, result.stderr) == (0, "")
    json.loads(result.stdout)


def test_a_failing_tool_without_a_card_is_told(machine, run):
    machine.printing_tool(
        "nvidia-smi", "NVIDIA-SMI has failed because it couldn't communicate\n", 9
    )
    assert "nvidia-smi: NVIDIA-SMI has failed because" in run().stdout


def test_require_gpu(machine, run):
    machine.nvidia("0, GPU-a, A10G, 515.105.01, 22731, 00000000:01:00.0, 0x223710DE, 8.6, [N/A]")
    result = run("--require-gpu", "--json")
    assert result.returncode == 3
    assert json.loads(result.stdout)["selection"]["backend"] == "cpu"
    assert result.stderr.startswith("alternator probe: a GPU is required (--require-gpu)")
    assert "update it to 580" in result.stderr
    machine.nvidia()
    assert run("--require-gpu").returncode == (0 if platform.machine() == "x86_64" else 3)


@pytest.mark.parametrize(
    ("arguments", "environ", "exit_code", "message"),
    [
        (["--backend", "cuda"], {}, 2, "--backend cuda can't work here: "),
        (["--backend", "vulkan"], {}, 2, "--backend: 'vulkan' is none of auto, cpu, cuda, rocm"),
        (["--torch", "1.0"], {}, 2, "--torch 1.0: not in the table of builds; it has 2.14"),
        (["--timeout", "soon"], {}, 1, "--timeout: 'soon' is no number of seconds"),
        (["--timeout", "nan"], {}, 1, "--timeout: 'nan' is no number of seconds"),
        ([], {"ALTERNATOR_PROBE_TIMEOUT": "-1"}, 1, "ALTERNATOR_PROBE_TIMEOUT: '-1' is no number"),
        ([], {"ALTERNATOR_WHISPER_DEVICE": "tpu"}, 2, "ALTERNATOR_WHISPER_DEVICE: 'tpu' is none"),
    ],
)
def test_mistakes_are_one_line(run, arguments, environ, exit_code, message):
    result = run(*arguments, **environ)
    assert result.returncode == exit_code
    assert result.stderr.startswith(f"alternator probe: {message}")
    assert result.stderr.count("\n") == 1


def test_the_timeout_is_kept(machine, run):
    machine.tool("nvidia-smi", "exec /bin/sleep 60")
    result = run("--timeout", "0.3")
    assert result.returncode == 0
    assert "nvidia-smi: no answer within 0.3 s" in result.stdout


@needs_x86
def test_doctor_ends_with_what_to_do(machine, run):
    machine.nvidia(
        "0, GPU-a, NVIDIA A10G, 550.54.15, 22731, 00000000:01:00.0, 0x223710DE, 8.6, [N/A]"
    )
    result = run(doctor=True)
    assert result.returncode == 0, result.stderr
    head, _, steps = result.stdout.partition("\nwhat would make it better:\n")
    assert "choice    NVIDIA CUDA: image cuda, torch 2.13.0 cu126" in head
    assert steps.startswith(
        "- NVIDIA A10G: driver 550.54.15; with 580 or newer torch 2.13.0 cu130 fits "
        "(now: 2.13.0 cu126)\n    "
    )


def test_nothing_heavy_is_imported(machine):
    """What a machine without a GPU does not need costs start-up time: it stays out."""
    code = (
        "import sys; before = {*sys.modules}; from probe.cli import probe; probe(['--json']); "
        "print(*sorted({*sys.modules} - before), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        env={**os.environ, "PATH": str(machine.tools)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    trace = json.loads(result.stdout)["trace"]
    heavy = {
        "tomllib",
        "pathlib",
        "asyncio",
        "subprocess",
        "importlib.metadata",
        "logging",
        "concurrent",
        "torch",
    }
    if any(line["why"] != "not installed" for line in trace if line["command"]):
        pytest.skip("a vendor's tool is installed where PATH does not matter, and was run")
    assert heavy & set(result.stderr.split()) == set()


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_any_terminal_can_show_any_answer(machine, run, encoding, arguments):
    """An encoding without what we print, orders to the terminal, bytes that are no text."""
    name = "NVIDIA \x1b]0;title\x07\x1b[31m日本"
    row = f"GPU-{{0}}, {name}, 580.95.05, 8192, 0:0{{0}}:00.0, 0x1B8010DE, 6.1, [N/A]"
    machine.nvidia("0, " + row.format(1), "1, " + row.format(2))
    result = run(*arguments, PYTHONIOENCODING=encoding, CUDA_VISIBLE_DEVICES="\udcff")
    assert result.returncode == 0, result.stderr
    assert "hidden by CUDA_VISIBLE_DEVICES=" in result.stdout
    assert "\x1b" not in result.stdout
    assert json.loads(result.stdout)["gpus"] if arguments else True


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [[], ["--json"], ["--matrix"]])
def test_an_output_without_room_is_one_line(arguments):
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "probe", *arguments],
            env={"PATH": "/nowhere", "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert result.returncode == 1
    message = "alternator probe: the output can't be written: No space left on device\n"
    assert result.stderr == message


def test_record_and_replay(machine, run, tmp_path):
    machine.nvidia()
    file = tmp_path / "machine.json"
    recorded = run("--json", "--record", str(file))
    assert (recorded.returncode, recorded.stderr) == (0, f"alternator: recorded in {file}\n")
    (machine.tools / "nvidia-smi").unlink()
    replayed = json.loads(run("--json", "--replay", str(file)).stdout)
    assert replayed["selection"]["wheel"] == json.loads(recorded.stdout)["selection"]["wheel"]
    assert replayed["gpus"][0]["name"] == "NVIDIA GeForce RTX 4090"
    assert "11111111-2222" not in file.read_text()


def test_the_doctor_records_what_it_examines(machine, run, tmp_path):
    machine.nvidia()
    file = tmp_path / "machine.json"
    recorded = run("--record", str(file), doctor=True)
    assert (recorded.returncode, recorded.stderr) == (0, f"alternator: recorded in {file}\n")
    (machine.tools / "nvidia-smi").unlink()
    replayed = run("--replay", str(file), doctor=True)
    unmasked = "GPU-11111111-2222-3333-4444-555555555555"
    masked = "GPU-00000001-0000-4000-8000-000000000000"
    assert replayed.stdout == recorded.stdout.replace(unmasked, masked)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--replay", "/nowhere"], "/nowhere: can't be read: No such file or directory"),
        (["--replay", "x", "--record", "y"], "--record and --replay: there is nothing new to"),
        (["--record", "/nowhere/x"], "--record /nowhere/x: can't be written: No such file"),
        (["--snippet", "lxc"], "--snippet: 'lxc' is none of docker, compose, podman"),
    ],
)
def test_mistakes_with_files_are_one_line(run, arguments, message):
    result = run(*arguments)
    assert result.returncode == 1
    assert result.stderr.startswith(f"alternator probe: {message}")
    assert result.stderr.count("\n") == 1


def test_the_matrix(run):
    result = run("--matrix")
    assert result.returncode == 0
    assert "**wrong" not in result.stdout
    rows = result.stdout.splitlines()
    assert rows[:2] == ["| machine | choice | torch | uses | evidence |", "|---|---|---|---|---|"]
    assert (
        "| RTX 5090 (Blackwell), driver 570: no CUDA build of 2.13 fits | cuda cu128 | 2.11.0 "
        "| 1 of 1 | written |"
    ) in rows
    assert (
        "| H200 in a container of a virtual machine, driver 580 | cuda cu130 | 2.13.0 | 1 of 1 "
        "| recorded |"
    ) in rows


def test_a_snippet_for_this_machine(run):
    assert (
        run("--backend", "cpu", "--snippet", "docker")
        .stdout.splitlines()[1]
        .startswith("docker run")
    )


def test_doctor_in_the_wrong_image_tells_what_was_lost(machine, run, tmp_path):
    variant = tmp_path / "variant.json"
    variant.write_text('{"variant": "cpu", "torch": "2.13.0", "wheel": "cpu"}')
    machine.nvidia()
    host = run("--json").stdout
    machine.printing_tool("nvidia-smi", "Failed to initialize NVML: Unknown Error", 255)
    result = run(doctor=True, ALTERNATOR_VARIANT_FILE=str(variant), ALTERNATOR_HOST_REPORT=host)
    assert result.returncode == 0, result.stderr
    assert "the host could use NVIDIA GeForce RTX 4090 (GPU-1111" in result.stdout
    assert "    docker run --gpus all" in result.stdout
    result = run(doctor=True, ALTERNATOR_HOST_REPORT="{}", ALTERNATOR_VARIANT_FILE=str(variant))
    # The code that the fixture runs has no dispatcher around it, so the error ends it.
    assert "ALTERNATOR_HOST_REPORT holds no report of the host" in result.stderr


def test_a_defect_has_a_code_and_a_line_of_its_own(run, break_the_probe):
    broken = {"PYTHONPATH": break_the_probe("probe.decide.choose.choose")}
    result = run(**broken)
    assert (result.returncode, result.stdout) == (70, "")
    line = (
        "alternator probe: this should not have happened: RuntimeError: boom; please report it "
        "(ALTERNATOR_DEBUG=1 shows where)\n"
    )
    assert result.stderr == line
    shown = run(**broken, ALTERNATOR_DEBUG="1")
    assert shown.returncode == 70
    assert shown.stderr.startswith("Traceback") and shown.stderr.endswith(line)


def test_a_probe_that_fails_itself_is_told_as_a_defect(run, break_the_probe):
    broken = {"PYTHONPATH": break_the_probe('probe.detect.run_probes.PROBES["kfd"]')}
    result = run(**broken)
    assert (result.returncode, result.stderr) == (0, "")
    assert "the probe kfd failed: RuntimeError: boom; a defect of this program" in result.stdout
    for shown in (
        run(**broken, ALTERNATOR_DEBUG="1"),
        run(doctor=True, **broken, ALTERNATOR_DEBUG="1"),
    ):
        assert shown.returncode == 0
        assert shown.stderr.startswith("Traceback")
        assert shown.stderr.endswith("RuntimeError: boom\n")
