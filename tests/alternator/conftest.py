"""Speech to transcribe, one loaded Whisper worker for all tests, and bots against the sandbox."""

import shutil
import sqlite3
import subprocess
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import pytest
from PIL import Image

from alternator.config import (
    Config,
    HealthSettings,
    MastodonSettings,
    MediaSettings,
    OpenRouterSettings,
    StateSettings,
    WhisperSettings,
)
from alternator.run import run
from alternator.stopping import Stop, Stopping
from alternator.transcriber import Transcriber, Transcript
from sandbox.server import SandboxServer
from sandbox.vision import VisionServer

CHECKPOINT = Path(__file__).parents[2] / "sandbox" / "whisper" / "fixture.pt"
CODECS = {".ogg": ["-c:a", "libopus", "-b:a", "32k"], ".m4a": ["-c:a", "aac", "-b:a", "64k"]}

Speak = Callable[..., Path]


@pytest.fixture(scope="session")
def checkpoint() -> Path:
    """The small Whisper checkpoint; sandbox/whisper/manifest.json has the phrases it knows."""
    return CHECKPOINT


@pytest.fixture(scope="session")
def speak(tmp_path_factory: pytest.TempPathFactory) -> Speak:
    """Makes a file of spoken text: ``speak(text, voice="en-us", suffix=".mp3")``."""
    for program in ("espeak-ng", "ffmpeg"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: no speech to transcribe can be made")
    directory = tmp_path_factory.mktemp("speech")
    made: dict[tuple[str, str, str], Path] = {}

    def make(text: str, voice: str = "en-us", suffix: str = ".wav") -> Path:
        key = (text, voice, suffix)
        if key not in made:
            number = len(made)
            sound = directory / f"{number}.wav"
            subprocess.run(
                ["espeak-ng", "-v", voice, "-s", "160", "-w", str(sound), text], check=True
            )
            made[key] = sound if suffix == ".wav" else convert(sound, suffix)
        return made[key]

    return make


def convert(sound: Path, suffix: str) -> Path:
    """The same sound in another format; .mp4 gets a picture track as well."""
    target = sound.with_name(f"{sound.stem}-converted{suffix}")
    picture = ["-f", "lavfi", "-i", "color=navy:s=64x64:r=5"] if suffix == ".mp4" else []
    command = ["ffmpeg", "-v", "error", "-nostdin", *picture, "-i", str(sound), "-shortest"]
    subprocess.run([*command, *CODECS.get(suffix, []), str(target)], check=True)
    return target


@pytest.fixture(scope="session")
def make_media(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a file with ffmpeg: ``make_media("silence.wav", "-f", "lavfi", "-i", ...)``."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")

    def make(name: str, *arguments: str) -> Path:
        target = tmp_path_factory.mktemp("media") / name
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *arguments, str(target)], check=True)
        return target

    return make


@pytest.fixture(scope="session")
def transcriber() -> Iterator[Transcriber]:
    """A transcriber with its model loaded, for clips of a minute at most. Leave it running."""
    settings = WhisperSettings(model=str(CHECKPOINT), max_duration_minutes=1)
    with Transcriber(settings) as loaded:
        loaded.start()
        yield loaded


class FakeTranscriber:
    """Stands in for Whisper where Whisper is not the point.

    It "hears" what ``texts`` says about the files' order, and waits while ``gate`` is closed.
    """

    def __init__(self, settings: WhisperSettings, *, device: str | None = None) -> None:
        self.state = "ready"
        self.texts: list[str | Exception] = []
        self.heard: list[bytes] = []
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()

    def start(self) -> None:
        """There is nothing to load."""

    def close(self) -> None:
        """There is nothing to end."""

    def transcribe(self, path: Path, *, on_wait: Callable[[], None]) -> Transcript:
        """The next text, or the usual one."""
        self.heard.append(path.read_bytes())
        self.reached.set()
        while not self.gate.wait(0.02):
            on_wait()
        text = self.texts.pop(0) if self.texts else "Hello from the recording."
        if isinstance(text, Exception):
            raise text
        return Transcript(text=text, language="en", duration=1.0, segments=())


class Bot:
    """``alternator run`` in a thread, against the sandbox."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.transcriber = FakeTranscriber(config.whisper)
        self.stop = Stop()
        self.error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def once(self) -> None:
        """Catch up and end, in this thread."""
        run(self.config, Stop(), once=True, make_transcriber=self._make)

    def start(self) -> Self:
        """Start watching."""
        self.stop, self.error = Stop(), None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def end(self) -> None:
        """Stop watching; what the bot ended with, other than that, is raised."""
        self.stop.request()
        if self._thread is not None:
            self._thread.join(20)
            assert not self._thread.is_alive()
            self._thread = None
        if self.error is not None:
            raise self.error

    def rows(self) -> list[tuple[str, str, int]]:
        """State, reason and attempts of each attachment in the bot's memory, oldest first."""
        path = self.config.state.directory / "state.sqlite3"
        with closing(sqlite3.connect(path)) as db:
            return db.execute(
                "SELECT state, reason, attempts FROM attachment ORDER BY attachment_id"
            ).fetchall()

    def _make(self, settings: WhisperSettings, **_: Any) -> Any:
        return self.transcriber

    def _run(self) -> None:
        try:
            run(self.config, self.stop, make_transcriber=self._make)
        except Stopping:
            pass
        except BaseException as error:
            self.error = error


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """An empty sandbox Mastodon server."""
    with SandboxServer() as running:
        yield running


@pytest.fixture
def vision() -> Iterator[VisionServer]:
    """A sandbox vision endpoint."""
    with VisionServer() as running:
        yield running


@pytest.fixture
def make_bot(
    server: SandboxServer, vision: VisionServer, tmp_path: Path
) -> Iterator[Callable[..., Bot]]:
    """Makes bots for the demo account: ``make_bot(mastodon={"user_stream": False})``."""
    made: list[Bot] = []

    def make(**sections: dict[str, Any]) -> Bot:
        mastodon = {"instance_url": server.url, "access_token": server.token, "backfill_pause": 0}
        config = Config(
            mastodon=MastodonSettings(**mastodon | sections.get("mastodon", {})),
            openrouter=OpenRouterSettings(
                **{"base_url": vision.base_url, "model": "pixels"} | sections.get("openrouter", {})
            ),
            media=MediaSettings(**sections.get("media", {})),
            whisper=WhisperSettings(**sections.get("whisper", {})),
            state=StateSettings(directory=tmp_path / "state"),
            health=HealthSettings(port=0),
        )
        made.append(Bot(config))
        return made[-1]

    yield make
    for bot in made:
        bot.transcriber.gate.set()
        bot.end()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of silence as WAV, for a transcriber that does not listen."""
    path = tmp_path_factory.mktemp("clip") / "clip.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture: blue above, green below."""
    image = Image.new("RGB", (320, 200), "royalblue")
    image.paste("forestgreen", (0, 100, 320, 200))
    path = tmp_path / "picture.png"
    image.save(path)
    return path
