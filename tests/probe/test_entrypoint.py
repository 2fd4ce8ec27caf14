"""The entrypoint as a container runs it: a process that becomes its command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from probe.machine.variables import PROVEN_DEVICE

ROOT = Path(__file__).resolve().parents[2]
WORKING_TORCH = """
__version__ = "2.13.0+cu130"
class version: cuda = "13.0"; hip = None
class cuda:
    is_available = staticmethod(lambda: True)
    get_device_name = staticmethod(lambda index: "stand-in")
class backends:
    class cudnn: enabled = True
    class cuda: enable_cudnn_sdp = staticmethod(lambda wanted: None)
class Number(float):
    def to(self, device): return self
    def cpu(self): return self
    def abs(self): return Number(abs(float(self)))
    def float(self): return self
    def max(self): return self
    def __matmul__(self, other): return Number(float(self) * float(other))
    def __sub__(self, other): return Number(float(self) - float(other))
    def __truediv__(self, other): return Number(float(self) / float(other))
class Generator:
    def manual_seed(self, seed): return self
def randn(*size, generator): return Number(2.0)
"""
REPORTING_COMMAND = (
    f'echo "$@ device=${PROVEN_DEVICE} cards=$CUDA_VISIBLE_DEVICES '
    'hsa=$HSA_OVERRIDE_GFX_VERSION"; echo "pid=$$"'
)


@pytest.fixture
def container(machine, tmp_path):
    """Runs the entrypoint with the machine's tools and an image of a variant."""
    machine.tool("alternator", REPORTING_COMMAND)

    def run(*command, variant="cuda", wheel="cu130", torch=None, **environ):
        variant_file = tmp_path / "variant.json"
        variant_file.write_text(json.dumps({"variant": variant, "torch": "2.13.0", "wheel": wheel}))
        path = [str(ROOT)]
        if torch is not None:
            (tmp_path / "fake").mkdir(exist_ok=True)
            (tmp_path / "fake" / "torch.py").write_text(torch)
            path.insert(0, str(tmp_path / "fake"))
        return subprocess.run(
            [sys.executable, "-m", "probe.entrypoint", *command],
            env={
                "PATH": str(machine.tools),
                "PYTHONPATH": os.pathsep.join(path),
                "ALTERNATOR_VARIANT_FILE": str(variant_file),
                **environ,
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_a_proven_gpu_is_handed_to_the_bot(machine, container, tmp_path):
    machine.nvidia()
    result = container("alternator", "run", torch=WORKING_TORCH, ALTERNATOR_STATE_DIR=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0] == "run device=cuda cards= hsa="
    assert "stand-in with torch 2.13.0+cu130" in result.stderr
    report = json.loads((tmp_path / "probe.json").read_text())
    assert [gpu["state"] for gpu in report["gpus"]] == ["proven"]
    assert report["selection"]["device"] == "cuda"


def test_the_server_gets_a_proven_device_too(machine, container):
    machine.nvidia()
    result = container("alternator", "serve", "--port", "8000", torch=WORKING_TORCH)
    assert result.stdout.startswith("serve --port 8000 device=cuda cards= hsa=")


def test_no_command_is_the_images_default(machine, container):
    machine.nvidia()
    result = container(torch=WORKING_TORCH)
    assert result.stdout.startswith("run device=cuda")


def test_the_command_takes_the_entrypoints_place(machine, container):
    """The init's signals reach the bot only if no process stands between."""
    machine.tool("show-parent", 'echo "parent=$PPID"')
    result = container("show-parent")
    assert result.stdout.strip() == f"parent={os.getpid()}"


def test_a_crashing_gpu_falls_back_to_the_cpu_with_one_line(machine, container, tmp_path):
    machine.nvidia()
    result = container(
        "alternator",
        "transcribe",
        "clip.ogg",
        torch="import os\nos.abort()\n",
        ALTERNATOR_STATE_DIR=str(tmp_path),
    )
    assert result.stdout.splitlines()[0] == "transcribe clip.ogg device=cpu cards=-1 hsa="
    assert result.stderr.splitlines() == [
        "alternator-entrypoint: using the CPU: NVIDIA GeForce RTX 4090 was chosen and the proof "
        "failed: killed by signal 6 (SIGABRT)"
    ]
    report = json.loads((tmp_path / "probe.json").read_text())
    assert (report["gpus"][0]["state"], report["selection"]["backend"]) == ("dead", "cpu")
    assert report["rejected"][-1]["wheel"] == "cu130"


def test_cards_without_code_are_hidden(machine, container):
    machine.nvidia(
        "0, GPU-old, GTX 1080, 580.95.05, 8192, 00000000:01:00.0, 0x1B8010DE, 6.1, [N/A]",
        "1, GPU-new, RTX 4090, 580.95.05, 24564, 00000000:02:00.0, 0x268410DE, 8.9, [N/A]",
    )
    result = container("alternator", "run", torch=WORKING_TORCH)
    assert "device=cuda cards=GPU-new" in result.stdout
    # What the operator has set stays.
    result = container("alternator", "run", torch=WORKING_TORCH, CUDA_VISIBLE_DEVICES="1")
    assert "device=cuda cards=1" in result.stdout


def test_an_amd_gpu_gets_its_override(machine, container):
    machine.printing_tool("rocm-smi", '{"card0": {"GFX Version": "gfx1031"}}')
    rocm = {"variant": "rocm", "wheel": "rocm7.2"}
    result = container("alternator", "run", torch=WORKING_TORCH, **rocm)
    assert "device=cuda cards= hsa=10.3.0" in result.stdout
    result = container("alternator", "run", torch="raise ImportError('x')", **rocm)
    assert "device=cpu cards=-1 hsa=\n" in result.stdout


def test_what_rocm_can_not_read_is_not_in_the_bots_environment(machine, container):
    """Compose writes X= for ${X:-}: HSA finds no GPU by it, and PyTorch counts none by HIP's."""
    names = ("HSA_OVERRIDE_GFX_VERSION", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
    said = " ".join(f"${{{name}-unset}}" for name in names)
    machine.tool("alternator", f'echo "{said}"')
    machine.printing_tool("rocm-smi", '{"card0": {"GFX Version": "gfx1100"}}')
    rocm = {"variant": "rocm", "wheel": "rocm7.2", "torch": WORKING_TORCH}
    result = container("alternator", "run", **rocm, **dict.fromkeys(names, ""))
    assert result.stdout == "unset unset unset\n", result.stderr
    assert "left out, because ROCm or PyTorch would find no GPU by it: HSA_" in result.stderr
    # What is needed is set in the place of what was empty.
    machine.printing_tool("rocm-smi", '{"card0": {"GFX Version": "gfx1031"}}')
    result = container("alternator", "run", **rocm, HSA_OVERRIDE_GFX_VERSION="")
    assert result.stdout == "10.3.0 unset unset\n"
    # On CUDA an empty one hides all, and stays.
    machine.printing_tool("rocm-smi", "{}")
    machine.nvidia()
    result = container("alternator", "run", torch=WORKING_TORCH, **dict.fromkeys(names, ""))
    assert result.stdout == "unset unset \n"
    assert "using the CPU" in result.stderr and "left out" not in result.stderr


def test_a_task_of_swarm_uses_the_card_that_it_was_given(machine, container):
    machine.nvidia(*TWO_CARDS)
    # The third makes a container of every place that this test may run in.
    result = container(
        "alternator",
        "run",
        torch=WORKING_TORCH,
        **{"DOCKER_RESOURCE_NVIDIA-GPU": "GPU-b", "NVIDIA_VISIBLE_DEVICES": "all"},
        KUBERNETES_SERVICE_HOST="10.0.0.1",
    )
    assert "cards=GPU-b" in result.stdout, result.stderr


def test_a_gpu_image_without_a_gpu_uses_the_cpu_and_says_why(container):
    result = container("alternator", "run")
    assert result.stdout.startswith("run device=cpu cards= hsa=")
    assert result.stderr == (
        "alternator-entrypoint: using the CPU: no NVIDIA GPU is visible in this container; start "
        "it with --gpus all\n"
    )


def test_a_cpu_image_is_the_cpu_and_tells_of_a_gpu(machine, container):
    machine.nvidia()
    result = container("alternator", "run", variant="cpu", wheel="cpu")
    assert "device=cpu" in result.stdout
    assert "the cuda image with cu130 is the right one" in result.stderr


@pytest.mark.parametrize("torch", [WORKING_TORCH, "import os\nos.abort()\n"])
def test_an_override_is_not_silently_dropped(container, torch):
    result = container(
        "alternator",
        "run",
        variant="cpu",
        wheel="cpu",
        torch=torch,
        ALTERNATOR_WHISPER_DEVICE="cuda",
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "alternator-entrypoint: ALTERNATOR_WHISPER_DEVICE=cuda can't work here: this image holds "
        "torch 2.13.0 cpu; use the cuda image (make images VARIANT=cuda) or unset it\n"
    )


def test_an_override_that_fails_its_proof_is_an_error(machine, container):
    machine.nvidia()
    result = container(
        "alternator", "run", torch="import os\nos.abort()\n", ALTERNATOR_WHISPER_BACKEND="cuda"
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert "ALTERNATOR_WHISPER_BACKEND=cuda can't work here: NVIDIA GeForce RTX 4090: killed" in (
        result.stderr
    )


@pytest.mark.parametrize(
    "command", [("alternator", "probe"), ("alternator", "run", "--help"), ("other", "run")]
)
def test_other_commands_start_at_once(machine, container, command):
    machine.tool("other", REPORTING_COMMAND)
    machine.tool("nvidia-smi", "exec /bin/sleep 60")
    result = container(*command, torch="import os\nos.abort()\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert "device= cards=" in result.stdout


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("bash -c", "'bash -c' is no command in this image"),
        ("/nowhere/tool", "'/nowhere/tool' is no command in this image"),
        ("--json", "'--json' is no command in this image"),
        (
            "transcribe",
            "'transcribe' is no command in this image; did you mean: alternator transcribe",
        ),
    ],
)
def test_a_command_that_is_none(container, word, message):
    result = container(word)
    assert result.returncode == 127
    assert result.stderr == f"alternator-entrypoint: {message}\n"


def test_a_probe_that_fails_itself_is_logged_with_its_trace(container, break_the_probe):
    path = break_the_probe('probe.detect.run_probes.PROBES["nvidia-smi"]')
    result = container("alternator", "run", PYTHONPATH=path)
    assert result.returncode == 0
    assert result.stderr.count("Traceback") == 1
    assert (
        "alternator-entrypoint: the probe nvidia-smi failed: this should not have happened: "
        "RuntimeError: boom; please report it\n"
    ) in result.stderr
    assert "mend its driver" not in result.stderr


def test_a_defect_is_logged_with_its_trace_and_has_its_own_code(container, break_the_probe):
    path = break_the_probe("probe.decide.choose.choose")
    result = container("alternator", "run", PYTHONPATH=path)
    assert (result.returncode, result.stdout) == (70, "")
    assert result.stderr.startswith("Traceback")
    assert result.stderr.endswith(
        "alternator-entrypoint: this should not have happened: RuntimeError: boom; please report "
        "it\n"
    )


def test_a_state_directory_that_can_not_be_written_is_no_reason_to_stop(container):
    result = container("alternator", "run", ALTERNATOR_STATE_DIR="/nowhere")
    assert result.stdout.startswith("run device=cpu")
    assert "/nowhere/probe.json can't be written: No such file or directory" in result.stderr


@pytest.mark.parametrize(
    "content", [None, "", "[]", '{"variant": "cuda"}', '{"variant": 1, "torch": 2, "wheel": 3}']
)
def test_an_image_that_does_not_say_what_it_holds(container, tmp_path, content):
    file = tmp_path / "broken.json"
    if content is not None:
        file.write_text(content)
    result = container("alternator", "run", ALTERNATOR_VARIANT_FILE=str(file))
    assert result.returncode == 1
    assert result.stderr.startswith(f"alternator-entrypoint: {file}")
    assert "Traceback" not in result.stderr


COUNTING_TORCH = (
    "import os, pathlib\n"
    "with pathlib.Path(os.environ['PROOFS']).open('a') as file: file.write('one\\n')\n"
) + WORKING_TORCH
FIRST_CARD_ABORTS = (
    "import os\nif not os.environ.get('CUDA_VISIBLE_DEVICES', '').startswith('GPU-b'): os.abort()\n"
) + WORKING_TORCH
TWO_CARDS = (
    "0, GPU-a, RTX 4090, 580.95.05, 24564, 00000000:01:00.0, 0x268410DE, 8.9, [N/A]",
    "1, GPU-b, RTX 3090, 580.95.05, 24564, 00000000:02:00.0, 0x220410DE, 8.6, [N/A]",
)


def test_the_next_gpu_is_tried_before_the_cpu(machine, container, tmp_path):
    machine.nvidia(*TWO_CARDS)
    result = container(
        "alternator", "run", torch=FIRST_CARD_ABORTS, ALTERNATOR_STATE_DIR=str(tmp_path)
    )
    assert "device=cuda cards=GPU-b hsa=" in result.stdout
    assert result.stderr.splitlines()[0] == (
        "alternator-entrypoint: trying RTX 3090: RTX 4090 was chosen and the proof failed: killed "
        "by signal 6 (SIGABRT)"
    )
    report = json.loads((tmp_path / "probe.json").read_text())
    assert [gpu["state"] for gpu in report["gpus"]] == ["dead", "proven"]
    assert report["selection"]["visible_devices"] == ["GPU-b"]


def test_a_card_that_the_operator_named_and_that_fails_is_left(machine, container):
    machine.nvidia(*TWO_CARDS)
    result = container("alternator", "run", torch=FIRST_CARD_ABORTS, CUDA_VISIBLE_DEVICES="0,1")
    assert "device=cuda cards=GPU-b hsa=" in result.stdout


def test_a_verdict_is_remembered_until_something_changes(machine, container, tmp_path):
    proofs = tmp_path / "proofs"

    def run(torch=COUNTING_TORCH, **environ):
        proofs.write_text("")
        state = {"ALTERNATOR_STATE_DIR": str(tmp_path), "ALTERNATOR_IMAGE_ID": "1", **environ}
        result = container("alternator", "run", torch=torch, PROOFS=str(proofs), **state)
        return result, proofs.read_text().count("one")

    row = "0, {}, RTX 4090, {}, 24564, 00000000:01:00.0, 0x268410DE, 8.9, [N/A]"
    machine.nvidia(row.format("GPU-a", "580.95.05"))
    assert run()[1] == 1
    again, proven = run()
    assert (proven, "proven before: stand-in" in again.stderr) == (0, True)
    assert run(ALTERNATOR_IMAGE_ID="2")[1] == 1
    machine.nvidia(row.format("GPU-a", "580.105.08"))
    assert run()[1] == 1
    machine.nvidia(row.format("GPU-b", "580.95.05"))
    assert run()[1] == 1
    (tmp_path / "proof.json").write_text('{"broken": [')
    assert run()[1] == 1


def test_a_crash_is_remembered_and_a_passing_failure_is_not(machine, container, tmp_path):
    machine.nvidia()
    state = {"ALTERNATOR_STATE_DIR": str(tmp_path), "ALTERNATOR_IMAGE_ID": "1"}
    container("alternator", "run", torch="import os\nos.abort()\n", **state)
    remembered = container("alternator", "run", torch=WORKING_TORCH, **state)
    assert "device=cpu" in remembered.stdout
    (tmp_path / "proof.json").unlink()
    container("alternator", "run", torch="raise MemoryError('taken')\n", **state)
    assert "device=cuda" in container("alternator", "run", torch=WORKING_TORCH, **state).stdout
