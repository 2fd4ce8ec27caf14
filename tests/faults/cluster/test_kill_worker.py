"""A worker, killed at each of its steps, with another one there that takes over, and without.

At a request the server holds the answer back until the process is gone: before the request was
carried out, or after. At a write the process ends itself, before the write or after.
"""

import signal

import pytest
from cluster_scene import ClusterScene
from fault_table import Step, load

OF_A_POST = (
    "sign-in",
    "instance",
    "status",
    "media",
    "model",
    "status-again",
    "source",
    "edit",
    "source-after",
)
STEPS = [step for step in load()[0] if step.id in OF_A_POST]
MOMENTS = [(step, False) for step in STEPS] + [(s, True) for s in STEPS if s.method != "GET"]
# The transactions in which a job takes a post, and writes down what becomes of it.
WRITES = 6


@pytest.fixture(params=["alone", "with-another"])
def others(request: pytest.FixtureRequest) -> bool:
    """Whether another worker is there when the first one dies."""
    return bool(request.param == "with-another")


@pytest.mark.table
@pytest.mark.parametrize(
    ("step", "after"), MOMENTS, ids=[f"{s.id}-{'after' if a else 'before'}" for s, a in MOMENTS]
)
def test_a_kill_at_a_request(
    scene_of_cluster: ClusterScene, step: Step, after: bool, others: bool
) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    bot_first(scene)
    is_model = step.kind == "model"
    scene.scene.fail(
        step.method, step.path, model=is_model, skip=step.skip, after=after, hang=True, times=1
    )
    cluster.start("worker", "worker-1")
    scene.until_hit()
    if after and step.method == "PUT":
        scene.until_edited()
    if others:
        cluster.start("worker", "worker-2")
    cluster.kill("worker-1")
    if not others:
        cluster.start("worker", "worker-1")
    scene.ends_well()


@pytest.mark.table
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("count", range(1, WRITES + 1))
def test_a_kill_at_a_write(scene_of_cluster: ClusterScene, count: int, when: str) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    bot_first(scene)
    blow = {"kill": int(signal.SIGKILL), "write": "job", "count": count, "when": when}
    cluster.start("worker", "worker-1", **blow)
    assert cluster.ended("worker-1") == -signal.SIGKILL, cluster.log()
    cluster.start("worker", "worker-2" if count % 2 else "worker-1")
    scene.ends_well()


def bot_first(scene: ClusterScene) -> None:
    """Have a bot find the posts."""
    scene.cluster.start("bot")
    scene.until_found()
