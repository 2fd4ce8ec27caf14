"""One loaded Whisper worker for all tests, and bots against the sandbox."""

import logging
import sqlite3
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest
from clock import Clock
from fast_clock import FastClock
from handling import own_signals
from PIL import Image

from alternator.accounts.account import Account
from alternator.bot.run import Wishes, run
from alternator.config.conduct import (
    MessageSettings,
    ModeSettings,
    OptOutSettings,
    PaceSettings,
    ReviewSettings,
)
from alternator.config.dashboard import DashboardSettings
from alternator.config.database import DatabaseSettings
from alternator.config.descriptions import DescriptionSettings
from alternator.config.models import VisionSettings, WhisperSettings
from alternator.config.others import OthersSettings
from alternator.config.settings import (
    BalanceSettings,
    Config,
    HealthSettings,
    MastodonSettings,
    MediaSettings,
    StateSettings,
)
from alternator.progress import SILENT, Progress
from alternator.speech.transcriber import Transcriber
from alternator.speech.transcript import Transcript
from alternator.stopping import Stop, Stopping
from alternator.store.interface import Store
from alternator.store.opening import STATE_FILE, opened
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer


@pytest.fixture(scope="session")
def transcriber(checkpoint: Path) -> Iterator[Transcriber]:
    """A transcriber with its model loaded, for clips of a minute at most. Leave it running."""
    settings = WhisperSettings(model=str(checkpoint), max_duration_minutes=1)
    with Transcriber(settings) as loaded:
        loaded.start()
        yield loaded


class FakeTranscriber:
    """Stands in for Whisper where Whisper is not the point.

    It "hears" what ``texts`` says about the files' order, and waits while ``gate`` is closed.
    """

    def __init__(self, settings: WhisperSettings) -> None:
        self.state = "ready"
        self.workers = ()
        self.texts: list[str | Transcript | Exception] = []
        self.heard: list[bytes] = []
        self.asked: list[dict[str, object]] = []  # of each request, beside what is always asked
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()

    def start(self) -> None:
        """There is nothing to load."""

    def probe(self) -> None:
        """It can be used."""

    def close(self) -> None:
        """There is nothing to end."""

    def transcribe(self, path: Path, *, progress: Progress, **asked: object) -> Transcript:
        """The next text, or the usual one."""
        self.heard.append(path.read_bytes())
        self.asked.append(asked)
        self.reached.set()
        while not self.gate.wait(0.02):
            progress.beat()
        text = self.texts.pop(0) if self.texts else "Hello from the recording."
        if isinstance(text, Exception):
            raise text
        if isinstance(text, Transcript):
            return text
        return Transcript(text=text, language="en", duration=1.0, segments=())


class Bot:
    """``alternator run`` in a thread, against the sandbox, by a clock of the test's."""

    def __init__(self, config: Config, clock: FastClock) -> None:
        self.config = config
        self.clock = clock
        self.transcriber = FakeTranscriber(config.whisper)
        self.stop = Stop(self.clock)
        self.error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def once(self) -> None:
        """Catch up and end, in this thread."""
        run(self.config, Stop(self.clock), Wishes(once=True), make_speech_worker=self._make)

    def start(self) -> Self:
        """Start watching."""
        self.stop, self.error = Stop(self.clock), None
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
        path = self.config.state.directory / STATE_FILE
        with closing(sqlite3.connect(path)) as db:
            return db.execute(
                "SELECT state, reason, attempts FROM attachment ORDER BY attachment_id"
            ).fetchall()

    def _make(self, settings: WhisperSettings, /) -> FakeTranscriber:
        return self.transcriber

    def _run(self) -> None:
        try:
            run(self.config, self.stop, make_speech_worker=self._make)
        except Stopping:
            pass
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """An empty sandbox Mastodon server."""
    with SandboxServer() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A store in a time that stands still."""
    with opened(tmp_path / "state", clock=clock) as store:
        yield store


@pytest.fixture
def account(server: SandboxServer, store: Store) -> Account:
    """The demo account, signed in."""
    settings = MastodonSettings(instance_url=server.url, access_token=server.token)
    account = Account(settings, store)
    account.sign_in(account.session(SILENT))
    return account


@pytest.fixture
def vision() -> Iterator[VisionServer]:
    """A sandbox vision endpoint."""
    with VisionServer() as running:
        yield running


@pytest.fixture
def make_bot(
    server: SandboxServer, vision: VisionServer, tmp_path: Path
) -> Iterator[Callable[..., Bot]]:
    """Makes bots for the demo account: ``make_bot(mastodon={"user_stream": False})``.

    They have one time: what one has put off is due at the same moment for the next.
    """
    made: list[Bot] = []
    clock = FastClock()

    def make(**sections: dict[str, Any]) -> Bot:
        mastodon = MastodonSettings(
            instance_url=server.url, access_token=server.token, backfill_pause=0
        )
        pixels = VisionSettings(base_url=vision.base_url, model="pixels")
        config = Config(
            mastodon=replace(mastodon, **sections.get("mastodon", {})),
            vision=replace(pixels, **sections.get("vision", {})),
            descriptions=DescriptionSettings(**sections.get("descriptions", {})),
            modes=ModeSettings(**sections.get("modes", {})),
            review=ReviewSettings(**sections.get("review", {})),
            opt_out=OptOutSettings(**sections.get("opt_out", {})),
            pace=PaceSettings(**sections.get("pace", {})),
            messages=MessageSettings(**sections.get("messages", {})),
            others=OthersSettings(**sections.get("others", {})),
            balance=BalanceSettings(**sections.get("balance", {})),
            media=MediaSettings(**sections.get("media", {})),
            whisper=WhisperSettings(**sections.get("whisper", {})),
            state=StateSettings(directory=tmp_path / "state"),
            database=DatabaseSettings(**sections.get("database", {})),
            health=HealthSettings(port=0),
            dashboard=DashboardSettings(port=0),
        )
        made.append(Bot(config, clock))
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


@pytest.fixture
def configured(tmp_path: Path) -> Callable[[Bot], list[str]]:
    """Writes a bot's configuration down; the words by which a command reads it."""

    def write(bot: Bot) -> list[str]:
        config = bot.config
        path = tmp_path / "alternator.toml"
        path.write_text(
            f'[mastodon]\ninstance_url = "{config.mastodon.instance_url}"\n'
            f'access_token = "{config.mastodon.access_token}"\n'
            f'[openrouter]\nbase_url = "{config.vision.base_url}"\nmodel = "pixels"\n'
            f'[state]\ndirectory = "{config.state.directory}"\n'
            f"[health]\nport = {config.health.port}\n"
        )
        path.chmod(0o600)
        return ["--config", str(path)]

    return write


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A command that a test runs in its own process sets the log up; the next one has its own."""
    root, ours = logging.getLogger(), logging.getLogger("alternator")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], root.level, ours.level = before


@pytest.fixture
def signals() -> Iterator[None]:
    """For tests that run a command with signal handlers of its own in this process."""
    with own_signals():
        yield
