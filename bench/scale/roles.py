"""Real bots and workers on the sandbox: from a post to its first request, and after a SIGKILL."""

import os
import signal
import statistics
import tempfile
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bench.scale.scene import PostgresServer, process, wait_for
from sandbox.server import SandboxServer
from sandbox.settings import Settings
from sandbox.vision.server import VisionServer

POST = "/api/v1/statuses/{}"
PAUSE_SECONDS = 1.0
HELD_SECONDS = 20.0  # by the endpoint: longer than a process takes to say what it is at


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Seconds from a post to the first request of a worker for it, and to its description."""

    first: float  # median
    slowest: float
    described: float  # median


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """Seconds from a SIGKILL of a role, another of which is there, until all is described."""

    role: str
    seconds: float


class Cluster:
    """Two bots and two workers, a server and an endpoint."""

    def __init__(self, postgres: PostgresServer, stack: ExitStack) -> None:
        settings = Settings(request_limit=10**9, posting_limit=10**9)
        self.server = stack.enter_context(SandboxServer(settings=settings))
        self.vision = stack.enter_context(VisionServer())
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.picture = self.folder / "picture.png"
        Image.new("RGB", (320, 200), "royalblue").save(self.picture)
        name = postgres.with_tables()
        stack.callback(postgres.drop, name)
        self.postgres, self.name = postgres, name
        self.pids = {
            role: [stack.enter_context(self._role(role, number)) for number in range(2)]
            for role in ("bot", "worker")
        }
        self.settled()

    def _role(self, role: str, number: int) -> AbstractContextManager[int]:
        environ = {
            "ALTERNATOR_MASTODON_INSTANCE_URL": self.server.url,
            "ALTERNATOR_MASTODON_ACCESS_TOKEN": self.server.token,
            "ALTERNATOR_VISION_BASE_URL": self.vision.base_url,
            "ALTERNATOR_VISION_MODEL": "pixels",
            "ALTERNATOR_WHISPER_ENABLED": "false",
            "ALTERNATOR_DATABASE_URL": self.postgres.url(self.name),
            "ALTERNATOR_STATE_DIRECTORY": str(self.folder / f"{role}-{number}"),
            "ALTERNATOR_HEALTH_PORT": "0",
            "ALTERNATOR_METRICS_PORT": "0",
        }
        return process(["-m", "alternator", role], environ)

    def settled(self) -> None:
        """Until a post is described."""
        wait_for(lambda: self.server.open_streams() > 0, "the start")
        self.described(self.post())

    def post(self) -> str:
        """A post with a picture; its id."""
        return self.server.post("Look", files=[self.picture])["id"]

    def described(self, status_id: str) -> None:
        """Until it is described."""
        self.server.wait_until_described(status_id, seconds=120)

    def asked_for(self, status_id: str) -> bool:
        """Whether a worker has asked for it."""
        return bool(self.server.requests("GET", POST.format(status_id)))


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


AT_WORK = "SELECT pid FROM process WHERE role = 'worker' AND (facts ->> 'under_way')::int > 0"
WATCHING = "SELECT process.pid FROM watched JOIN process ON process.id = watched.holder"


def recoveries(postgres: PostgresServer) -> list[Recovery]:
    """Kill the worker that is at a post, then the bot that watches; another is there of each."""
    with ExitStack() as stack:
        cluster = Cluster(postgres, stack)
        cluster.vision.fail(delay=HELD_SECONDS, times=1)
        post = cluster.post()
        of_worker = killed(cluster, AT_WORK)
        cluster.described(post)
        worker = Recovery(role="worker", seconds=time.monotonic() - of_worker)
        of_bot = killed(cluster, WATCHING)
        cluster.described(cluster.post())
        return [worker, Recovery(role="bot", seconds=time.monotonic() - of_bot)]


def killed(cluster: Cluster, which: str) -> float:
    """Kill the process that a query names, once it names one; when that was."""
    wait_for(lambda: cluster.postgres.execute(which, cluster.name), "a process at work")
    [(pid,), *_] = cluster.postgres.execute(which, cluster.name)
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    return time.monotonic()
