"""A bot, killed at each write of a look and of an event; another one finds what is left."""

import signal

import pytest
from cluster_scene import ClusterScene
from waiting import wait_for

KILL = {"kill": int(signal.SIGKILL)}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_kill_at_a_write_of_a_look(scene_of_cluster: ClusterScene, count: int, when: str) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    cluster.start("bot", "bot-1", **KILL, write="any", count=count, when=when)
    assert cluster.ended("bot-1") == -signal.SIGKILL, cluster.log()
    cluster.start_all("bot-2", "worker")
    scene.ends_well()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_the_write_of_an_event(scene_of_cluster: ClusterScene, when: str) -> None:
    """The other one takes the account over and looks for what it did not hear of."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    cluster.start_all("worker")
    cluster.start("bot", "bot-1", **KILL, method="record", count=3, when=when)
    wait_for(scene.world.server.open_streams, 60, "the stream")
    wait_for(lambda: scene.world.described(scene.victim), 60, "the victim to be described")
    server, later = scene.world.server, []
    for number in range(4):  # one of their events is the one
        if "bot-1" not in cluster.members or not cluster.zygote.is_there(
            cluster.members["bot-1"].pid
        ):
            break
        later.append(server.post(f"More {number}", files=[scene.scene.files.picture])["id"])
        scene.passes(0.5)
    assert cluster.ended("bot-1") == -signal.SIGKILL, cluster.log()
    later.append(server.post("And one", files=[scene.scene.files.picture])["id"])
    cluster.start_all("bot-2")
    scene.until_described(*later)
    scene.ends_well()
    assert [scene.world.edits(key) for key in later] == [1] * len(later)


def test_a_share_is_taken_over(scene_of_cluster: ClusterScene) -> None:
    """The one that watches is killed while another one is there, which has nothing to watch."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    cluster.start_all("bot-1", "worker")
    wait_for(lambda: scene.world.described(scene.victim), 60, "the victim to be described")
    cluster.start_all("bot-2")
    cluster.kill("bot-1")
    later = scene.world.server.post("More", files=[scene.scene.files.picture])["id"]
    wait_for(lambda: scene.world.described(later), 60, "the later post")
    scene.ends_well()
    assert scene.world.edits(later) == 1
