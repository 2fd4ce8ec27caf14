"""A worker, killed at each step of what a person asked for; another one does what is left, once."""

import signal

import pytest
from cluster_errand import EDITS, KINDS, WORDS, ask, ended, said
from cluster_scene import ClusterScene
from fault_world import untouched_but
from waiting import wait_for

from alternator.store.errands import Kind

# Method, path, how many of these go before, whether it is carried out.
REQUESTS = {
    "second-look": ("GET", "/api/v1/statuses/{victim}", 1, False),
    "edit-before": ("PUT", "/api/v1/statuses/{victim}", 0, False),
    "edit-after": ("PUT", "/api/v1/statuses/{victim}", 0, True),
}
# Transactions of the job: beginning, holding the post, sending, ending.
WRITES = (2, 3, 4, 5)
BLOWS = [*REQUESTS, *(f"write-{count}-{when}" for count in WRITES for when in ("before", "after"))]
# The others do the same by the same steps, but for the sending that is written down.
FEW = ("edit-before", "edit-after", "write-3-before", "write-3-after")
PAIRS = [(kind, blow) for kind in KINDS for blow in BLOWS if kind == "rewrite" or blow in FEW]


@pytest.mark.table
@pytest.mark.parametrize(("kind", "blow"), PAIRS)
def test_a_kill_at_a_step(scene_of_cluster: ClusterScene, kind: Kind, blow: str) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    describe_it(scene)
    words = scene.world.server.descriptions(scene.victim)[1]
    number = ask(scene, kind)
    if blow in REQUESTS:
        method, path, skip, after = REQUESTS[blow]
        path = path.replace("{victim}", scene.victim)
        scene.scene.fail(method, path, skip=skip, after=after, hang=True)
        cluster.start("worker", "worker-1")
        scene.until_hit()
        if after:
            scene.until_edited(2)
        cluster.kill("worker-1")
    else:
        _, count, when = blow.split("-")
        switches = {"kill": int(signal.SIGKILL), "write": "job", "count": int(count), "when": when}
        cluster.start("worker", "worker-1", **switches)
        assert cluster.ended("worker-1") == -signal.SIGKILL, cluster.log()
    made = scene.world.edits(scene.victim) - 1
    scene.world.clear()
    scene.world.server.sandbox.request_log.clear()
    cluster.start("worker", "worker-2")
    wanted = {"rewrite": WORDS, "undo": None, "again": words}[kind]
    wait_for(ended(scene, number), 60, "the end of the errand")
    wait_for(lambda: said(scene) == wanted, 60, "the words")
    cluster.until_idle()
    cluster.end()
    assert cluster.ask("SELECT why FROM errand") == [("",)], cluster.log()
    assert cluster.left_behind() == []
    assert cluster.defects() == [], cluster.log()
    assert len(scene.world.server.requests("PUT")) == EDITS[kind] - made, cluster.log()
    assert untouched_but(scene.scene.before[scene.victim], scene.world.record(scene.victim)) == []


def describe_it(scene: ClusterScene) -> None:
    """Have the victim described, and everybody end."""
    scene.cluster.start_all("bot", "worker-1")
    wait_for(lambda: scene.world.described(scene.victim), 60, "the victim to be described")
    scene.cluster.until_idle()
    scene.cluster.end()
