"""A running sandbox, a client for raw requests, and small files to post."""

import math
import shutil
import struct
import subprocess
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from sandbox.server import SandboxServer
from sandbox.settings import Settings
from sandbox.vision.server import VisionServer

TIMEOUT_SECONDS = 10


class Api:
    """Raw requests with a token, as a client library would send them."""

    def __init__(self, url: str, token: str | None = "sandbox") -> None:
        self.url = url
        self.session = requests.Session()
        if token is not None:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, **arguments: Any) -> requests.Response:
        return self.session.request(
            method, self.url + path, **{"timeout": TIMEOUT_SECONDS} | arguments
        )

    def upload(self, file: Path, version: int = 2, **fields: str) -> requests.Response:
        with file.open("rb") as content:
            return self("POST", f"/api/v{version}/media", files={"file": content}, data=fields)


@pytest.fixture(scope="session")
def running_server() -> Iterator[SandboxServer]:
    # No window of its rate limits ends between two requests that a test compares.
    with SandboxServer(settings=Settings(windows_from=time.time())) as running:
        yield running


@pytest.fixture
def server(running_server: SandboxServer) -> Iterator[SandboxServer]:
    """A server without posts."""
    yield running_server
    running_server.drop_streams()
    running_server.reset()


@pytest.fixture
def api(server: SandboxServer) -> Api:
    return Api(server.url)


@pytest.fixture
def connect() -> type[Api]:
    """Makes clients: ``connect(url)``, ``connect(url, token)``."""
    return Api


@pytest.fixture(scope="session")
def running_vision() -> Iterator[VisionServer]:
    with VisionServer() as running:
        yield running


@pytest.fixture
def vision(running_vision: VisionServer) -> Iterator[VisionServer]:
    """A vision endpoint with an empty request log."""
    yield running_vision
    running_vision.reset()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A blue picture, 60 by 40 pixels."""
    path = tmp_path / "blue.png"
    Image.new("RGB", (60, 40), (30, 60, 220)).save(path)
    return path


@pytest.fixture
def other_picture(tmp_path: Path) -> Path:
    """A red picture, 40 by 60 pixels."""
    path = tmp_path / "red.jpg"
    Image.new("RGB", (40, 60), (210, 30, 30)).save(path)
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Half a second of a tone, as WAV."""
    path = tmp_path / "tone.wav"
    samples = [int(12000 * math.sin(2 * math.pi * 440 * n / 16000)) for n in range(8000)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


@pytest.fixture
def silent_video(tmp_path: Path) -> Path:
    """A short video without sound; skipped where there is no ffmpeg to make it."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: it makes the video and measures it")
    path = tmp_path / "silent.mp4"
    source = "testsrc=size=64x48:rate=5:duration=1"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", str(path)],
        check=True,
        timeout=60,
    )
    return path
