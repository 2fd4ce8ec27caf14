"""What is around a cluster fails: its database, disks, clocks, tokens; and there is two of all."""

import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from cluster_pace import say_wrong
from cluster_scene import ClusterScene
from cluster_soak import NAMES
from loopback import free_port
from postgres import PostgresServer, postgres_server, programs
from small_disk import fill, make_room, small_disk
from soak import known
from waiting import wait_for

CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE application_name LIKE 'alternator%'"
)
DAY = 24 * 3600.0


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """One that may be stopped."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql-15)")
    with postgres_server(free_port(), synchronous_commit="on") as server:
        server.make_template()
        yield server


@pytest.fixture
def own(scene_of_cluster: ClusterScene, own_postgres: PostgresServer) -> ClusterScene:
    """The scene, on that one."""
    scene_of_cluster.cluster.database = own_postgres.url(own_postgres.with_tables())
    return scene_of_cluster


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
@pytest.mark.parametrize("step", ["model", "edit"])
def test_the_database_is_away_in_the_middle_of_a_post(
    own: ClusterScene, own_postgres: PostgresServer, step: str, number: signal.Signals
) -> None:
    method, path = {
        "model": ("POST", "/v1/chat/completions"),
        "edit": ("PUT", "/api/v1/statuses/{victim}"),
    }[step]
    own.scene.fail(method, path, model=step == "model", delay=1.0, times=1)
    own.cluster.start_all("bot", "worker")
    own.until_hit()
    own_postgres.stop(number)
    time.sleep(1.0)
    own_postgres.start()
    own.ends_well()


def test_the_database_takes_no_more_connections(
    own: ClusterScene, own_postgres: PostgresServer
) -> None:
    own.cluster.start_all("bot", "worker")
    wait_for(lambda: own.world.described(own.victim), 60, "the victim to be described")
    with ExitStack() as stack:
        own.cluster.ask(CUT)
        with pytest.raises(psycopg.OperationalError):
            while True:
                stack.enter_context(psycopg.connect(own.cluster.database))
        later = own.world.server.post("More", files=[own.scene.files.picture])["id"]
        time.sleep(1.5)
    wait_for(lambda: own.world.described(later), 60, "the later post")
    own.ends_well()
    assert own.world.edits(later) == 1


def test_the_disk_is_full_under_the_database(
    scene_of_cluster: ClusterScene,
) -> None:
    scene = scene_of_cluster
    # Below /tmp, which PostgreSQL's user may enter.
    with (
        tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as top,
        small_disk(Path(top) / "disk", kibibytes=200 * 1024) as disk,
    ):
        Path(top).chmod(0o755)
        disk.chmod(0o755)
        folder = disk / "pg"
        folder.mkdir()
        server = PostgresServer(folder, free_port())
        server.make()
        try:
            server.start()
            server.make_template()
            scene.cluster.database = server.url(server.with_tables())
            scene.cluster.start_all("bot", "worker")
            wait_for(lambda: scene.world.described(scene.victim), 60, "the victim")
            scene.cluster.until_idle()
            fill(disk)
            # More of them than there is room for in what the tables have already.
            later = [
                scene.world.server.post(f"More {n}", files=[scene.scene.files.picture])["id"]
                for n in range(12)
            ]
            time.sleep(2.0)
            make_room(disk)
            scene.until_described(*later)
            scene.ends_well()
            assert [scene.world.edits(key) for key in later] == [1] * len(later)
        finally:
            scene.cluster.zygote.end()
            server.stop()


def test_the_disk_is_full_under_the_downloads(scene_of_cluster: ClusterScene) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    home = cluster.folder / "worker"
    home.mkdir()
    cluster.start("bot")
    scene.until_found()
    with small_disk(home / "state", kibibytes=64) as disk:
        (disk / "downloads").mkdir()
        fill(disk)
        cluster.start("worker")
        wait_for(lambda: "failed post" in cluster.log("worker"), 30, "it to fail")
        assert not scene.world.described(scene.victim)
        make_room(disk)
        scene.ends_well()


@pytest.mark.parametrize("off", [300.0, DAY, -DAY], ids=["ahead", "a-day-ahead", "a-day-behind"])
@pytest.mark.parametrize("role", ["bot", "worker"])
def test_the_clock_of_one_process_is_wrong(
    scene_of_cluster: ClusterScene, role: str, off: float
) -> None:
    """From the start, and then set right in the middle of a post; its edit fails at first."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    clock = cluster.folder / "clock"
    say_wrong(clock, off)
    scene.scene.fail("PUT", "/api/v1/statuses/{victim}", status=500, times=2)
    for name in ("bot", "worker"):
        cluster.start(name, **({"clock": str(clock)} if name == role else {}))
    scene.until_hit()
    say_wrong(clock, 0.0)
    scene.ends_well()


def test_the_token_is_revoked_in_the_middle_of_a_post(scene_of_cluster: ClusterScene) -> None:
    """And later the account lets the bot in again."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    scene.scene.fail("GET", "/api/v1/statuses/{victim}/source", status=401, times=None)
    scene.scene.fail("PUT", "/api/v1/statuses/{victim}", status=401, times=None)
    cluster.start_all("bot", "worker")
    scene.until_hit()
    scene.scene.fail("GET", "/api/v1/*", status=401, times=None)
    time.sleep(1.5)
    assert scene.world.edits(scene.victim) == 0
    scene.world.clear()
    scene.ends_well()


def test_two_of_everything(scene_of_cluster: ClusterScene) -> None:
    """Posts of five accounts at once: each is described once, whoever is at it."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    tokens = [f"token-of-one-of-many-{number}" for number in range(5)]
    with known(tokens):
        cluster.tokens |= {f"a{number}": token for number, token in enumerate(tokens)}
        cluster.start_all(*NAMES)
        files, server = [scene.scene.files.picture] * 2, scene.world.server
        posts = [server.post("Look", files=files, token=token)["id"] for token in tokens * 3]
        scene.until_described(*posts)
        scene.ends_well()
        assert [scene.world.edits(key) for key in posts] == [1] * len(posts)
