"""The CPU image by itself: hardened runs, bad input, what is inside."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from image_contract import run_hardened

from images.engine.container import Ended
from images.engine.engine import Engine

Run = Callable[..., Ended]


@pytest.fixture
def run(engine: Engine, cpu_image: str) -> Run:
    """Run a command in the image, hardened, to its end."""

    def run_command(*command: str, **options: object) -> Ended:
        return run_hardened(engine, cpu_image, list(command), timeout_s=120, **options)

    return run_command


@pytest.mark.parametrize("user", ["10001:10001", "4242:4242"])
def test_transcribes_hardened(
    run: Run, speak: Callable[..., Path], checkpoint: Path, user: str
) -> None:
    clip = speak("The children are playing in the garden.", suffix=".mp3")
    ended = run(
        *("alternator", "transcribe", "/media/clip.mp3", "--model", "/media/model.pt"),
        *("--output_format", "txt", "--output_dir", "/tmp", "--verbose", "True"),
        user=user,
        volumes={
            str(clip): {"bind": "/media/clip.mp3", "mode": "ro"},
            str(checkpoint): {"bind": "/media/model.pt", "mode": "ro"},
        },
    )
    assert ended.status == 0, ended.messages
    assert "The children are playing in the garden." in ended.output
    assert "Traceback" not in ended.messages


def test_probe_inside_is_the_entrypoints_too(run: Run) -> None:
    report = json.loads(run("alternator", "probe", "--json").output)
    assert report["selection"]["backend"] == "cpu"
    assert report["host"]["container"] is True


def test_a_device_that_this_image_cannot_serve_is_an_error(run: Run) -> None:
    ended = run("alternator", "run", environment={"ALTERNATOR_WHISPER_DEVICE": "cuda"})
    assert ended.status == 2
    assert "ALTERNATOR_WHISPER_DEVICE" in ended.messages
    assert "Traceback" not in ended.messages


def test_without_configuration_the_missing_key_is_named(run: Run) -> None:
    ended = run("alternator", "run")
    assert ended.status == 2
    assert "instance_url" in ended.messages
    assert "Traceback" not in ended.messages


def test_only_what_is_installed_shows_up(run: Run) -> None:
    commands = re.findall(r"^  (\w+) ", run("alternator", "--help").output, re.MULTILINE)
    of_the_bot = {"accounts", "backfill", "completion", "config", "describe", "drafts", "health"}
    of_the_bot |= {"history", "run", "status", "undo"}
    of_a_cluster = {"bot", "db", "members", "web", "worker"}
    here = of_the_bot | of_a_cluster | {"doctor", "models", "probe", "serve", "transcribe"}
    assert set(commands) == here


def test_labels_and_record_agree(engine: Engine, cpu_image: str, run: Run) -> None:
    labels = engine.inspect(cpu_image).labels
    record = json.loads(run("cat", "/opt/alternator/variant.json").output)
    assert labels["alternator.variant"] == record["variant"] == "cpu"
    assert labels["alternator.torch"] == record["torch"]
    assert labels["alternator.wheel"] == record["wheel"] == "cpu"
    assert re.fullmatch(
        r"[0-9a-f]{40}(-dirty)?|unknown", labels["org.opencontainers.image.revision"]
    )
    assert record["cuda"] is None
    assert record["hip"] is None


def test_no_gpu_libraries_in_the_cpu_image(run: Run) -> None:
    found = run(
        "python",
        "-c",
        "import pathlib, torch; root = pathlib.Path(torch.__file__).parents[1];"
        "print([p.name for p in root.iterdir() if p.name.startswith(('nvidia', 'triton'))],"
        " list(root.rglob('libtorch_cuda*')))",
    )
    assert found.output.strip() == "[] []"
