"""The servers, which serve all tests of a process, and the files that posts carry."""

import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_scene import Scene
from fault_world import KEY, Files, World
from killed_bot import Killed
from PIL import Image
from stranger import Stranger
from zygote import Zygote

from alternator.web.deadline import Deadline
from sandbox.server import SandboxServer, Settings
from sandbox.vision.server import VisionServer

NEVER = 10**9  # so many requests
TOTAL_SECONDS = 0.25  # of a request that never ends


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("files")
    found = Files(picture=folder / "picture.png", clip=folder / "clip.wav")
    image = Image.new("RGB", (320, 200), "royalblue")
    image.paste("forestgreen", (0, 100, 320, 200))
    image.save(found.picture)
    with wave.open(str(found.clip), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    return found


@pytest.fixture(scope="session")
def servers() -> Iterator[World]:
    settings = Settings(request_limit=NEVER, posting_limit=NEVER, attachment_limit=16)
    with SandboxServer(settings=settings) as server, VisionServer(key=KEY) as vision:
        yield World(server, vision)


@pytest.fixture(scope="session")
def strangers() -> Iterator[Stranger]:
    with Stranger() as running:
        yield running


@pytest.fixture
def stranger(strangers: Stranger) -> Stranger:
    strangers.seen.clear()
    return strangers


def short(seconds: float) -> Deadline:
    """A deadline as it would be, but for its length."""
    return Deadline(min(seconds, TOTAL_SECONDS))


@pytest.fixture
def world(servers: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """No posts and no faults. Waits for answers are real, so they are short here."""
    monkeypatch.setattr("alternator.web.session.Deadline", short)
    # Time jumps from one wait to the next one: a few long ones take less than many short ones.
    monkeypatch.setattr("alternator.bot.watch.IDLE_SECONDS", 600.0)
    monkeypatch.setattr("alternator.bot.progress.SLICE_SECONDS", 600.0)
    servers.reset()
    yield servers
    servers.reset()


@pytest.fixture
def scene(world: World, files: Files, stranger: Stranger, tmp_path: Path) -> Iterator[Scene]:
    """A scene in which nothing fails yet."""
    made = Scene(world, files, stranger, tmp_path, poll_interval_seconds=3600)
    yield made
    made.close()


@pytest.fixture(scope="session")
def zygotes() -> Iterator[Zygote]:
    running = Zygote()
    yield running
    running.close()


@pytest.fixture
def killed(scene: Scene, zygotes: Zygote, tmp_path: Path) -> Iterator[Killed]:
    yield Killed(scene, zygotes, tmp_path)
    zygotes.end()  # one at a time: the next test would wait for this one's
