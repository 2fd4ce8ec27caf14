"""Speech in a cluster: its server fails, and so does the process that transcribes.

The commands are the real ones, ``alternator serve`` too; the engine behind them is one that does
what it is told (``cluster_speech.py``), since no GPU can be lost at will.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster import Cluster
from cluster_scene import ClusterScene
from cluster_speech import Ear
from loopback import free_port
from proxy import Manner, Proxy
from sounds import sound_file, tune
from waiting import wait_for

# What lies between a worker and its speech server, for a while.
MANNERS = {
    "refused": Manner(refuses=True),
    "held": Manner(holds=True),
    "silent": Manner(silent=True),
    "slow": Manner(pace=2000.0),
    "broken in the middle of answers": Manner(breaks_after=100, breaks=3),
}
WHILE_SECONDS = 1.1  # longer than the server may take for an answer
OWN = '[whisper]\nengine = "ear"\n'
SOON_SECONDS = 3.0
NONE_TAKEN = "no posts with speech are taken"
LOST = "CUDA error: unspecified launch failure"


def asks(port: int, own: str = '[whisper]\nengine = "openai-api"\n') -> str:
    """The settings of who asks a server, and what else there is."""
    return (
        f'{own}server_url = "http://127.0.0.1:{port}/v1"\nserver_model = "base"\n'
        "server_timeout_seconds = 1\n"
    )


@pytest.fixture
def ear(tmp_path: Path) -> Ear:
    """The engine of the server, or of the first worker."""
    return Ear(tmp_path / "site", gpu=True)


@pytest.fixture
def clip(scene_of_cluster: ClusterScene, tmp_path: Path) -> Callable[[], str]:
    """Posts something to listen to; the post's id."""
    file = sound_file(tmp_path / "tune.wav", tune(1.0))
    server = scene_of_cluster.world.server
    return lambda: str(server.post("Listen", files=[file])["id"])


@pytest.fixture
def served(scene_of_cluster: ClusterScene, ear: Ear) -> Iterator[tuple[Proxy, Callable[[], None]]]:
    """A proxy in front of a speech server, and what starts that."""
    port = free_port()

    def start() -> None:
        scene_of_cluster.cluster.start(
            "serve", where={"settings": OWN}, site=str(ear.site), arguments=["--port", str(port)]
        )

    with Proxy(port) as proxy:
        yield proxy, start


def until_asked(proxy: Proxy, before: int) -> None:
    """Wait until somebody connects."""
    wait_for(lambda: proxy.connections > before, 20, "the server to be asked")


def until_deaf(cluster: Cluster, name: str) -> None:
    """Wait until a worker takes no posts with speech."""
    wait_for(lambda: NONE_TAKEN in cluster.log(name), 60, f"{name} to hear nothing")


def test_the_speech_server_fails_for_a_while(
    scene_of_cluster: ClusterScene,
    served: tuple[Proxy, Callable[[], None]],
    clip: Callable[[], str],
) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    proxy, start = served
    cluster.settings = asks(proxy.port)
    # It is away when they start.
    cluster.start_all("bot", "worker")
    posts = [clip()]
    scene.until_described(scene.victim)
    start()
    scene.until_described(*posts)
    for manner in MANNERS.values():
        proxy.reset()
        proxy.manner = Manner(**vars(manner))
        before = proxy.connections
        posts.append(clip())
        until_asked(proxy, before)
        scene.passes(WHILE_SECONDS)
        proxy.well()
        scene.until_described(posts[-1])
    scene.ends_well()
    assert [scene.world.edits(key) for key in posts] == [1] * len(posts)


def test_while_nobody_can_hear_posts_wait_and_lose_nothing(
    scene_of_cluster: ClusterScene,
    served: tuple[Proxy, Callable[[], None]],
    clip: Callable[[], str],
) -> None:
    """The server is away for longer than all probes grow, with two workers."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    proxy, start = served
    cluster.settings = asks(proxy.port)
    cluster.start_all("bot", "worker-1", "worker-2")
    scene.until_described(scene.victim)
    posts = [clip() for _ in range(5)]
    for name in ("worker-1", "worker-2"):
        until_deaf(cluster, name)
    states = (
        "SELECT status_id, state, attempts, deferred FROM attachment "
        "WHERE status_id = ANY(%s) ORDER BY status_id"
    )
    wait_for(
        lambda: [row[1] for row in cluster.ask(states, posts)] == ["waiting"] * len(posts),
        30,
        "the posts to wait",
    )
    before = cluster.ask(states, posts)
    scene.passes(12.0)
    # Nobody takes one up, and none has lost an attempt.
    assert cluster.ask(states, posts) == before
    assert {row[2] for row in before} == {0}
    jobs = "SELECT DISTINCT queue_name, status::text FROM procrastinate_jobs"
    assert cluster.ask(jobs) == [("speech", "todo")]
    start()
    scene.until_described(*posts)
    seen = "SELECT pid, facts -> 'models' FROM process WHERE role = 'serve'"
    served_by = (cluster.members["serve"].pid, ["base"])
    wait_for(lambda: cluster.ask(seen) == [served_by], 60, "the server in the list")
    scene.ends_well()
    assert [scene.world.edits(key) for key in posts] == [1] * len(posts)
    assert cluster.ask("SELECT 1 FROM procrastinate_jobs WHERE status = 'failed'") == []


def test_the_end_of_a_speech_server_in_the_middle_of_a_post(
    scene_of_cluster: ClusterScene,
    served: tuple[Proxy, Callable[[], None]],
    clip: Callable[[], str],
    ear: Ear,
) -> None:
    """The connection is reset, the server is killed, the worker is ended and killed: each while the
    server listens."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    proxy, start = served
    cluster.settings = asks(proxy.port)
    start()
    cluster.start_all("bot", "worker")

    def server_dies() -> None:
        cluster.kill("serve")
        start()

    def worker_dies() -> None:
        cluster.kill("worker")
        cluster.start("worker")

    def worker_ends() -> None:
        assert cluster.end_one("worker") < SOON_SECONDS
        assert scene.is_given_back(), cluster.state()
        cluster.start("worker")

    posts = []
    for act in (proxy.reset, server_dies, worker_ends, worker_dies):
        ear.order("wait")
        heard = len(ear.heard)
        posts.append(clip())
        ear.until_heard(heard)
        act()
        ear.well()
        scene.until_described(posts[-1])
    scene.ends_well()
    assert [scene.world.edits(key) for key in posts] == [1] * len(posts)


def test_the_own_engine_does_it_while_the_server_is_away(
    scene_of_cluster: ClusterScene,
    served: tuple[Proxy, Callable[[], None]],
    clip: Callable[[], str],
    ear: Ear,
    tmp_path: Path,
) -> None:
    """Also what the server had begun; and the server does it again once it is back."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    proxy, start = served
    own = Ear(tmp_path / "own")
    cluster.settings = asks(proxy.port, OWN)
    start()
    cluster.start("bot")
    cluster.start("worker", site=str(own.site))
    ear.order("wait")
    posts = [clip()]
    ear.until_heard(0)
    cluster.kill("serve")
    scene.until_described(*posts)
    assert len(own.heard) == 1
    ear.well()
    start()
    wait_for(lambda: "is taken again" in cluster.log("worker"), 30, "the server to be back")
    posts.append(clip())
    scene.until_described(*posts)
    assert len(own.heard) == 1
    scene.ends_well()
    assert [scene.world.edits(key) for key in posts] == [1] * len(posts)


def test_the_process_that_transcribes_comes_to_grief(
    scene_of_cluster: ClusterScene, clip: Callable[[], str], ear: Ear
) -> None:
    """It is killed in the middle, dies at each request on its GPU, and loses the GPU: what comes
    after it is another one, and in the end one on the CPU."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    cluster.settings = OWN
    cluster.start("bot")
    cluster.start("worker", site=str(ear.site))
    ear.order("wait")
    posts = [clip()]
    os.kill(ear.until_heard(0), signal.SIGKILL)
    ear.well()
    scene.until_described(*posts)
    assert ear.heard[-1][1] == "cuda"
    for order in ("die-on-gpu", "lose"):
        ear.order(order)
        posts.append(clip())
        scene.until_described(*posts)
        assert ear.heard[-1][1] == "cpu"
    assert LOST in cluster.log("worker")
    # From now on there is no GPU, and nothing that one is missed for.
    posts.append(clip())
    scene.until_described(*posts)
    cluster.until_idle()
    wrong = [line for line in cluster.log("worker").splitlines() if "Traceback" in line]
    assert len(wrong) == 1  # of the lost GPU
    cluster.end()
    assert cluster.left_behind() == []
    assert [scene.world.edits(key) for key in posts] == [1] * len(posts)


@pytest.mark.parametrize("order", ["die", "lose"])
def test_another_worker_hears_what_one_can_not(
    scene_of_cluster: ClusterScene, clip: Callable[[], str], ear: Ear, tmp_path: Path, order: str
) -> None:
    """One whose process dies at each request, and one that was told to use its GPU alone."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    cluster.settings = OWN
    cluster.start("bot")
    settings = OWN + 'device = "cuda"\n'
    cluster.start("worker", "worker-1", where={"settings": settings}, site=str(ear.site))
    ear.order(order)
    posts = [clip()]
    wait_for(lambda: "failed post" in cluster.log("worker-1"), 60, "it to fail")
    other = Ear(tmp_path / "other")
    cluster.start("worker", "worker-2", site=str(other.site))
    scene.until_described(*posts)
    cluster.until_idle()
    cluster.end()
    assert cluster.left_behind() == []
    assert [scene.world.edits(key) for key in posts] == [1] * len(posts)
