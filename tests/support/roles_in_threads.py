"""Roles of a cluster in threads of this process, against the sandbox."""

import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import psycopg

from alternator.bot.bot import MakeSpeechWorker
from alternator.config.dashboard import DashboardSettings
from alternator.config.database import DatabaseSettings
from alternator.config.load import ClusterConfig
from alternator.config.metrics import MetricsSettings
from alternator.config.models import VisionSettings, WhisperSettings
from alternator.config.settings import Config, HealthSettings, MastodonSettings, StateSettings
from alternator.config.signup import SignupSettings
from alternator.queue.names import Kind
from alternator.roles.bot_command import BotRole
from alternator.roles.worker_command import WorkerRole
from alternator.speech.transcript import Transcript
from alternator.speech.worker.slot import WorkerReport
from alternator.stopping import Stop, Stopping
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer


class Runs(Protocol):
    """What a role is."""

    def __call__(self) -> object: ...


class InThread:
    """A role in a thread of its own."""

    def __init__(self, stop: Stop, run: Runs) -> None:
        self.stop = stop
        self.error: BaseException | None = None
        self._run_role = run
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """End it as a signal does."""
        self.stop.request()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def failed_with(self) -> BaseException | None:
        """What it could not begin for."""
        self._thread.join(20)
        return self.error

    def _run(self) -> None:
        try:
            self._run_role()
        except Stopping:
            pass
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error


class Heard:
    """Stands in for Whisper where Whisper is not the point."""

    def __init__(self, settings: WhisperSettings) -> None:
        self.state = "ready"
        self.workers: tuple[WorkerReport, ...] = ()

    def start(self) -> None:
        """There is nothing to load."""

    def probe(self) -> None:
        """It can be used."""

    def close(self) -> None:
        """There is nothing to end."""

    def transcribe(self, path: Path, **asked: object) -> Transcript:
        """What is heard in every clip."""
        return Transcript(
            text="Hello from the recording.", language="en", duration=1.0, segments=()
        )


class Cluster:
    """A database, a server, and the roles that are started."""

    def __init__(
        self,
        database: DatabaseSettings,
        server: SandboxServer,
        vision: VisionServer,
        folder: Path,
        stack: ExitStack,
    ) -> None:
        self.server = server
        self.vision = vision
        self.url = database.url or ""
        self.picture = folder / "picture.png"
        self.signup: SignupSettings | None = None  # where members alone are described for
        self._folder = folder
        self._stack = stack
        self._numbers = iter(range(1000))
        self.config = Config(
            mastodon=MastodonSettings(
                instance_url=server.url, access_token=server.token, backfill_pause=0
            ),
            vision=VisionSettings(base_url=vision.base_url, model="pixels"),
            whisper=WhisperSettings(enabled=False),
            database=database,
            health=HealthSettings(port=0),
            dashboard=DashboardSettings(port=0),
            metrics=MetricsSettings(port=0),
        )

    def of(self, *configs: Config) -> ClusterConfig:
        """A configuration of these accounts, with a folder of its own."""
        state = StateSettings(directory=self._folder / f"state-{next(self._numbers)}")
        if self.signup is not None:
            nobody = replace(self.config.mastodon, access_token="")
            base = replace(self.config, state=state, mastodon=nobody, signup=self.signup)
            return ClusterConfig(base=base, accounts=())
        made = tuple(replace(one, state=state) for one in configs or (self.config,))
        return ClusterConfig(base=made[0], accounts=made)

    def named(self, name: str, token: str) -> Config:
        """The configuration of another account."""
        mastodon = replace(self.config.mastodon, access_token=token)
        return replace(self.config, mastodon=mastodon, account=name)

    def bot(self, *configs: Config) -> InThread:
        """Start a watcher."""
        stop = Stop()
        return self._kept(InThread(stop, BotRole(self.of(*configs), stop).run))

    def worker(
        self,
        *configs: Config,
        kind: Kind = "all",
        need_gpu: bool = False,
        make: MakeSpeechWorker = Heard,
    ) -> InThread:
        """Start a worker; ``make`` makes what transcribes."""
        stop = Stop()

        def run() -> None:
            config = self.of(*configs)
            role = WorkerRole(config, stop, kind=kind, need_gpu=need_gpu, make_speech_worker=make)
            role.run(2)

        return self._kept(InThread(stop, run))

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """What a statement gives."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def states(self) -> list[str]:
        """The states of all attachments."""
        return [str(state) for (state,) in self.execute("SELECT state FROM attachment ORDER BY 1")]

    def described(self, post: str, seconds: float = 20.0) -> None:
        """Until a post is described."""
        self.server.wait_until_described(post, seconds=seconds)

    def _kept(self, role: InThread) -> InThread:
        self._stack.callback(role.end)
        return role
