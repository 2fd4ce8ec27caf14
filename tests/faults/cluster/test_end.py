"""SIGTERM in the middle of a post: a process ends in time, and what it was at is given back.

The server holds the answer to one request back until the process is gone: the worst that can be in
its way. One cluster is for all steps.
"""

import signal
from typing import Any

import pytest
from cluster import PACE
from cluster_errand import KINDS, Errands
from cluster_scene import ClusterScene
from fault_table import load

from alternator.store.errands import Kind

# Those in which a worker is at a post or an account, and those in which a bot looks.
OF_A_WORKER = (
    "sign-in",
    "instance",
    "status",
    "media",
    "model",
    "status-again",
    "source",
    "edit",
    "edit-answer",
    "source-after",
)
AT_FIRST = ("sign-in",)  # what the next step needs another worker for
OF_A_BOT = ("sign-in", "instance", "first-look", "stream")
STEPS = {step.id: step for step in load()[0]}
WRITES = (1, 3, 5)  # of a job, by the number of the transaction
# The least that our deployments leave: stop_grace_period in compose/compose.yaml.
ENGINE_SECONDS = 20.0
TERM: dict[str, Any] = {"kill": int(signal.SIGTERM), "write": "job", "when": "after"}


# Of an errand: method, path, how many of these go before, whether it is carried out.
REQUESTS = {
    "edit-before": ("PUT", "/api/v1/statuses/{}", 0, False),
    "edit-after": ("PUT", "/api/v1/statuses/{}", 0, True),
    "plan": ("GET", "/api/v1/statuses/{}", 0, False),
}


def test_a_worker_is_ended_at_a_step(scene_of_cluster: ClusterScene) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    cluster.start("bot")
    for name in OF_A_WORKER:
        step = STEPS[name]
        scene.until_found()
        hits = scene.hits()
        scene.scene.fail(
            step.method,
            step.path,
            model=step.kind == "model",
            skip=step.skip,
            after=step.after,
            hang=True,
            times=1,
        )
        if "worker" in cluster.members:
            cluster.signal("worker", signal.SIGCONT)
        else:
            cluster.start("worker")
        scene.until_hit(hits)
        if step.after:
            scene.until_edited()
        cluster.end_one("worker")
        assert scene.is_given_back(), f"{name}: {cluster.state()}"
        scene.world.clear()
        cluster.start("worker")
        scene.until_described(scene.victim)
        cluster.until_idle()
        if name in AT_FIRST:
            cluster.end_one("worker")
        else:  # until the next fault is there
            cluster.signal("worker", signal.SIGSTOP)
        scene.another_victim()
    cluster.signal("worker", signal.SIGCONT)
    scene.ends_well()


def test_a_worker_is_ended_at_a_write(scene_of_cluster: ClusterScene) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    cluster.start("bot")
    for count in WRITES:
        scene.until_found()
        cluster.start("worker", **TERM, count=count)
        assert cluster.ended("worker", ENGINE_SECONDS) == 0, cluster.log()
        assert scene.is_given_back(), f"{count}: {cluster.state()}"
        if not cluster.idle():
            cluster.start("worker")
            cluster.until_idle()
            cluster.end_one("worker")
        scene.another_victim()
    cluster.start("worker")
    scene.ends_well()


def test_a_bot_is_ended_at_a_step(scene_of_cluster: ClusterScene) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    for name in OF_A_BOT:
        step = STEPS[name]
        scene.scene.fail(step.method, step.path, hang=True, times=1)
        hits = scene.hits()
        cluster.start("bot")
        scene.until_hit(hits)
        cluster.end_one("bot")
        scene.world.clear()
    cluster.start_all("bot", "worker")
    scene.ends_well()


@pytest.mark.parametrize("kind", KINDS[:2])
def test_a_worker_is_ended_at_an_errand(scene_of_cluster: ClusterScene, kind: Kind) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    errands = Errands(scene, kind)
    for name, (method, path, skip, after) in REQUESTS.items():
        if kind != "rewrite" and name != "edit-before":
            break
        errands.ask()
        place = path.format(scene.victim)
        scene.scene.fail(method, place, skip=skip, after=after, hang=True, times=1)
        hits = scene.hits()
        cluster.start("worker")
        scene.until_hit(hits)
        if after:
            scene.until_edited(2)
        cluster.end_one("worker")
        assert scene.is_given_back(), f"{name}: {cluster.state()}"
        scene.world.clear()
        cluster.start("worker")
        errands.until_done()
        cluster.end_one("worker")
    errands.end_well()


def test_the_longest_end(scene_of_cluster: ClusterScene) -> None:
    """With the waits as they are: a server that does not answer an edit holds nobody up."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    scene.scene.fail("PUT", "/api/v1/statuses/{victim}", hang=True, times=1)
    cluster.start("bot")
    cluster.pace = 1.0
    cluster.start("worker")
    scene.until_hit()
    assert cluster.end_one("worker") < ENGINE_SECONDS
    assert scene.is_given_back()
    cluster.pace = PACE
    cluster.start("worker")
    scene.ends_well()
