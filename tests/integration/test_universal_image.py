"""The universal image with the real CPU build: installed from a mounted wheelhouse, no network."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker.models.volumes import Volume
from image_contract import HARDENED
from waiting import wait_for

from images.build.build import BuildRequest, build
from images.build.builder import Builder
from images.catalog import CHECKOUT
from images.engine.container import Container, Ended
from images.engine.engine import Engine

BUILDS = "/var/lib/alternator/builds"
WHEELS = CHECKOUT / "images" / "wheelhouse"
SPEECH = "The children are playing in the garden."
TRANSCRIBE = (
    *("alternator", "transcribe", "/media/clip.mp3", "--model", "/media/model.pt"),
    *("--output_format", "txt", "--output_dir", "/tmp", "--verbose", "True"),
)


@dataclass(kw_only=True)
class Universal:
    """Containers of the image on one volume, with a clip to transcribe."""

    engine: Engine
    image: str
    media: dict[str, dict[str, str]]

    def container(
        self, volume: Volume | None, wheels: Path | None = WHEELS, **options
    ) -> Container:
        """A container that transcribes the clip, once it is entered."""
        mounts = dict(self.media)
        if volume is not None:
            mounts[volume.name] = {"bind": BUILDS, "mode": "rw"}
        if wheels is not None:
            mounts[str(wheels)] = {"bind": "/wheelhouse", "mode": "ro"}
        settings = {**HARDENED, "command": list(TRANSCRIBE), **options}
        command = settings.pop("command")
        return Container(self.engine, self.image, command, volumes=mounts, **settings)

    def run(self, *arguments, **options) -> Ended:
        """Exit code, output and messages of a container that ran to its end."""
        with self.container(*arguments, **options) as container:
            return end(container)


def end(container: Container) -> Ended:
    """Wait for a container's end, which an installation may put off."""
    return container.until_it_ends(240)


def until(container: Container, text: str) -> None:
    """Return once the container has said ``text``."""
    wait_for(lambda: text in container.said(), 120, f"{text!r}", every_s=0.2)


@pytest.fixture(scope="module")
def universal(builder: Builder, speak: Callable[..., Path], checkpoint: Path) -> Universal:
    """The image, built from this checkout."""
    clip = speak(SPEECH, suffix=".mp3")
    return Universal(
        engine=builder.engine,
        image=build(BuildRequest(image=builder.catalog.universal), builder).tag,
        media={
            str(clip): {"bind": "/media/clip.mp3", "mode": "ro"},
            str(checkpoint): {"bind": "/media/model.pt", "mode": "ro"},
        },
    )


@pytest.fixture(scope="module")
def installed(universal: Universal) -> Iterator[tuple[Volume, Ended]]:
    """A volume after the first start, and how that ended."""
    volume = universal.engine.client.volumes.create()
    yield volume, universal.run(volume)
    volume.remove(force=True)


@pytest.fixture
def empty(universal: Universal) -> Iterator[Volume]:
    """A volume in which nothing was installed yet."""
    volume = universal.engine.client.volumes.create()
    yield volume
    volume.remove(force=True)


def builds(universal: Universal, volume: Volume) -> list[str]:
    """What lies in a volume, hidden files included."""
    program = f"import os; print(*sorted(os.listdir({BUILDS!r})))"
    mounts = {volume.name: {"bind": BUILDS, "mode": "ro"}}
    with Container(
        universal.engine, universal.image, ["python", "-c", program], volumes=mounts
    ) as container:
        return end(container).output.split()


def test_a_command_beside_the_bot_finds_what_came_with_the_build(universal, installed) -> None:
    volume, _ = installed
    mounts = {volume.name: {"bind": BUILDS, "mode": "ro"}}
    command = ["alternator", "config", "schema"]
    with Container(universal.engine, universal.image, command, volumes=mounts) as container:
        ended = end(container)
    assert ended.status == 0, ended.messages
    assert "daily_tokens" in ended.output
    with Container(universal.engine, universal.image, command) as container:
        ended = end(container)
    assert ended.status == 1
    assert "it comes with the build of torch, which `alternator run`" in ended.messages


def test_the_first_start_installs_without_network_and_transcribes(universal, installed) -> None:
    volume, (status, output, messages) = installed
    assert status == 0, messages
    assert SPEECH in output
    assert "installing torch 2.13.0 cpu" in messages
    names = builds(universal, volume)
    assert [name for name in names if not name.startswith(".")] == [names[-1]]
    assert names[-1].startswith("2.13.0-cpu-")
    assert not any(name.endswith(".work") for name in names)


@pytest.mark.parametrize("user", ["10001:10001", "4242:4242"])
def test_the_second_start_needs_neither_wheels_nor_network(universal, installed, user) -> None:
    status, output, messages = universal.run(installed[0], None, user=user)
    assert (status, SPEECH in output) == (0, True), messages
    assert "installing" not in messages


def test_an_override_for_a_gpu_that_is_not_here_is_an_error(universal, installed) -> None:
    environment = {"ALTERNATOR_WHISPER_BACKEND": "cuda"}
    status, _, messages = universal.run(installed[0], environment=environment)
    assert status == 2
    assert "ALTERNATOR_WHISPER_BACKEND=cuda can't work here" in messages


def test_killed_in_the_middle_and_two_at_once(universal, empty) -> None:
    """The second waits for the first, takes the killed one's place, and installs it whole."""
    with ExitStack() as running:
        first = running.enter_context(universal.container(empty))
        until(first, "installing torch 2.13.0 cpu")
        second = running.enter_context(universal.container(empty))
        until(second, f"waiting: the container {first.started.id[:12]} is installing it")
        third = running.enter_context(universal.container(empty))
        first.started.kill("SIGKILL")
        assert end(first).status == 137
        ended = [end(second), end(third)]
    assert [status for status, _, _ in ended] == [0, 0], ended
    assert all(SPEECH in output for _, output, _ in ended)
    installers = [messages.count("installing torch 2.13.0 cpu") for _, _, messages in ended]
    assert sorted(installers) == [0, 1]
    assert not any(name.endswith(".work") for name in builds(universal, empty))


def test_a_corrupted_wheel_installs_nothing(universal, empty, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    shutil.copytree(WHEELS / "cpu", wheels, copy_function=_link)
    for name in ("sympy", "tqdm"):
        wheel = next(wheels.glob(f"{name}-*.whl"))
        content = bytearray(wheel.read_bytes())
        wheel.unlink()
        content[len(content) // 2] ^= 1
        wheel.write_bytes(content)
    tmp_path.chmod(0o755)
    status, _, messages = universal.run(empty, wheels)
    assert status == 22, messages
    assert "is not the file that was locked" in messages
    assert "sympy" in messages
    assert "Traceback" not in messages
    assert not any(name[0].isdigit() for name in builds(universal, empty))


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def test_too_small_a_volume_is_told_before_it_is_full(universal) -> None:
    tmpfs = {**HARDENED["tmpfs"], BUILDS: "size=100m,mode=1777"}
    status, _, messages = universal.run(None, tmpfs=tmpfs)
    assert status == 21
    assert f"in {BUILDS} and" in messages
    assert "Traceback" not in messages


def test_without_wheels_and_network_both_are_named(universal, empty) -> None:
    status, _, messages = universal.run(empty, None)
    assert status == 21
    assert "give the container a network for its first start, or mount" in messages
    assert "Traceback" not in messages


def test_nothing_is_installed_for_a_command_that_computes_nothing(universal, empty) -> None:
    status, output, _ = universal.run(empty, command=["alternator", "probe", "--json"])
    assert (status, json.loads(output)["selection"]["wheel"]) == (0, "cpu")
    assert builds(universal, empty) == []
