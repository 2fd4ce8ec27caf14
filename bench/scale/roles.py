"""Real bots and workers on the sandbox, and how long it takes from a post to its first request."""

import statistics
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bench.scale.scene import PostgresServer, process, wait_for
from sandbox.server import SandboxServer
from sandbox.settings import Settings
from sandbox.vision.server import VisionServer

POST = "/api/v1/statuses/{}"
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Seconds from a post to the first request of a worker for it, and to its description."""

    first: float  # median
    slowest: float
    described: float  # median


class Scene:
    """A server with an account, an endpoint, and a folder; the roles are started with them."""

    def __init__(self, stack: ExitStack) -> None:
        settings = Settings(request_limit=10**9, posting_limit=10**9)
        self.server = stack.enter_context(SandboxServer(settings=settings))
        self.vision = stack.enter_context(VisionServer())
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.picture = self.folder / "picture.png"
        Image.new("RGB", (320, 200), "royalblue").save(self.picture)
        self.stack = stack

    def start(self, role: str, name: str, environ: Mapping[str, str]) -> int:
        """Start a role that has the folder ``name`` for what it keeps; its process id."""
        of_all = {
            "ALTERNATOR_MASTODON_INSTANCE_URL": self.server.url,
            "ALTERNATOR_MASTODON_ACCESS_TOKEN": self.server.token,
            "ALTERNATOR_VISION_BASE_URL": self.vision.base_url,
            "ALTERNATOR_VISION_MODEL": "pixels",
            "ALTERNATOR_WHISPER_ENABLED": "false",
            "ALTERNATOR_STATE_DIRECTORY": str(self.folder / name),
            "ALTERNATOR_HEALTH_PORT": "0",
            "ALTERNATOR_METRICS_PORT": "0",
            "ALTERNATOR_DASHBOARD_PORT": "0",
        }
        command = ["-m", "alternator", role]
        return self.stack.enter_context(process(command, {**of_all, **environ}))

    def settled(self) -> None:
        """Until a post is described."""
        wait_for(lambda: self.server.open_streams() > 0, "the start")
        self.described(self.post())

    def post(self, file: Path | None = None) -> str:
        """A post with this file, else with a picture; its id."""
        return self.server.post("Look", files=[file or self.picture])["id"]

    def described(self, status_id: str) -> None:
        """Until it is described."""
        self.server.wait_until_described(status_id, seconds=120)

    def asked_for(self, status_id: str) -> bool:
        """Whether a worker has asked for it."""
        return bool(self.server.requests("GET", POST.format(status_id)))


class Cluster(Scene):
    """Two bots and two workers on a database."""

    def __init__(
        self, postgres: PostgresServer, stack: ExitStack, environ: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(stack)
        self.postgres, self.name = postgres, postgres.with_tables()
        stack.callback(postgres.drop, self.name)
        shared = {"ALTERNATOR_DATABASE_URL": postgres.url(self.name), **(environ or {})}
        for role in ("bot", "worker"):
            for number in range(2):
                self.start(role, f"{role}-{number}", shared)
        self.settled()


def latency(postgres: PostgresServer, posts: int) -> Latency:
    """Posts one after the other, on a system that has nothing else to do."""
    firsts, descriptions = [], []
    with ExitStack() as stack:
        cluster = Cluster(postgres, stack)
        for _ in range(posts):
            time.sleep(PAUSE_SECONDS)
            began = time.monotonic()
            post = cluster.post()
            while not cluster.asked_for(post):
                time.sleep(0.002)
            firsts.append(time.monotonic() - began)
            cluster.described(post)
            descriptions.append(time.monotonic() - began)
    return Latency(
        first=statistics.median(firsts),
        slowest=max(firsts),
        described=statistics.median(descriptions),
    )
