"""How soon another takes over, with the waits as they are: within a minute of a SIGKILL.

These wait for real: what is tried is whether the waits together are short enough.
"""

import time

from cluster_scene import ClusterScene
from waiting import wait_for

RECOVERY_SECONDS = 60.0


def test_another_takes_over_within_a_minute(scene_of_cluster: ClusterScene) -> None:
    """A worker in the middle of an edit, and a bot that watches, at the same time."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    cluster.pace = 1.0
    scene.scene.fail("PUT", "/api/v1/statuses/{victim}", hang=True, times=1)
    cluster.start_all("bot-1", "worker-1")
    scene.until_hit()
    cluster.start_all("bot-2", "worker-2")
    wait_for(lambda: is_there(scene, "bot") and is_there(scene, "worker"), 60, "the others")
    cluster.kill("bot-1")
    cluster.kill("worker-1")
    killed = time.monotonic()
    later = scene.world.server.post("More", files=[scene.scene.files.picture])["id"]
    scene.until_described(scene.victim, later)
    assert time.monotonic() - killed < RECOVERY_SECONDS
    cluster.end()
    assert scene.world.edits(scene.victim) == scene.world.edits(later) == 1
    assert cluster.defects() == [], cluster.log()


def is_there(scene: ClusterScene, role: str) -> bool:
    """Whether two of a role say that they are there."""
    return len(scene.cluster.ask("SELECT 1 FROM process WHERE role = %s", role)) == 2
