"""How soon another takes over, with the waits as they are: within a minute of a SIGKILL.

These wait for real: what is tried is whether the waits together are short enough.
"""

import time

import pytest
from cluster_scene import ClusterScene
from waiting import wait_for

RECOVERY_SECONDS = 60.0


@pytest.mark.parametrize("role", ["worker", "bot"])
def test_another_takes_over_within_a_minute(scene_of_cluster: ClusterScene, role: str) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    cluster.pace = 1.0
    post = scene.victim
    if role == "worker":
        scene.scene.fail("PUT", "/api/v1/statuses/{victim}", hang=True, times=1)
    cluster.start_all("bot-1", "worker-1")
    if role == "worker":
        scene.until_hit()
    else:
        wait_for(lambda: scene.world.described(post), 60, "the victim to be described")
    cluster.start_all(f"{role}-2")
    wait_for(lambda: is_there(scene, role), 60, "the other one")
    cluster.kill(f"{role}-1")
    killed = time.monotonic()
    if role == "bot":
        post = scene.world.server.post("More", files=[scene.scene.files.picture])["id"]
    wait_for(lambda: scene.world.described(post), 2 * RECOVERY_SECONDS, "the post to be described")
    assert time.monotonic() - killed < RECOVERY_SECONDS
    cluster.end()
    assert scene.world.edits(post) == 1
    assert cluster.defects() == [], cluster.log()


def is_there(scene: ClusterScene, role: str) -> bool:
    """Whether two of a role say that they are there."""
    return len(scene.cluster.ask("SELECT 1 FROM process WHERE role = %s", role)) == 2
