"""A worker that is stopped for longer than it is believed to live, and goes on in the middle of a
post that another one has taken over."""

import signal

import pytest
from cluster_errand import KINDS, Errands
from cluster_scene import ClusterScene
from waiting import wait_for

from alternator.store.errands import Kind

MOMENTS = {
    "model": ("POST", "/v1/chat/completions", 0, True),
    "source": ("GET", "/api/v1/statuses/{victim}/source", 0, False),
    "second-look": ("GET", "/api/v1/statuses/{victim}", 1, False),
}
# Of an errand: method, path, how many of these go before.
ERRAND_MOMENTS = {
    "plan": ("GET", "/api/v1/statuses/{}", 0),
    "second-look": ("GET", "/api/v1/statuses/{}", 1),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_that_was_believed_dead(scene_of_cluster: ClusterScene, moment: str) -> None:
    """Stopped before the answer of a request, which comes while it is stopped: the edit is next."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    cluster.start("bot")
    scene.until_found()
    method, path, skip, is_model = MOMENTS[moment]
    scene.scene.fail(method, path, model=is_model, skip=skip, delay=5.0, times=1)
    cluster.start("worker", "worker-1")
    scene.until_hit()
    cluster.signal("worker-1", signal.SIGSTOP)
    cluster.start("worker", "worker-2")
    # The server holds the lock of the one edit at a time until the stopped worker's connection is
    # ended: as an operator would, or idle_in_transaction_session_timeout.
    wait_for(lambda: cluster.ask(FREED, f"%:{scene.victim}"), 60, "another to take the post over")

    def described() -> bool:
        cluster.ask(ENDED)
        return scene.world.described(scene.victim)

    wait_for(described, 60, "the victim to be described", every_s=0.2)
    cluster.signal("worker-1", signal.SIGCONT)
    wait_for(lambda: "another" in cluster.log("worker-1"), 60, "it to be told")
    scene.ends_well()
    assert len(scene.world.server.requests("PUT")) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_that_was_believed_dead_at_an_errand(
    scene_of_cluster: ClusterScene, kind: Kind
) -> None:
    """Another one does it meanwhile; what that wrote down stays, and the person is told no other
    end."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    errands = Errands(scene, kind)
    for moment, (method, path, skip) in ERRAND_MOMENTS.items():
        if kind != "rewrite" and moment == "plan":
            continue
        errands.ask()
        scene.scene.fail(method, path.format(scene.victim), skip=skip, delay=5.0, times=1)
        hits = scene.hits()
        cluster.start("worker", "worker-1")
        scene.until_hit(hits)
        cluster.signal("worker-1", signal.SIGSTOP)
        cluster.start("worker", "worker-2")
        errands.until_done()
        before = cluster.ask(WRITTEN)
        told = cluster.log("worker-1").count(TOLD)
        cluster.signal("worker-1", signal.SIGCONT)
        until_told(scene, told)
        cluster.end_one("worker-1")
        cluster.end_one("worker-2")
        assert cluster.ask(WRITTEN) == before, cluster.log("worker-1")
    errands.end_well()


def until_told(scene: ClusterScene, before: int) -> None:
    """Wait until the first worker has noticed that a job is another one's."""
    cluster = scene.cluster
    wait_for(lambda: cluster.log("worker-1").count(TOLD) > before, 20, "it to be told")


# Nobody but the second worker has a job, or it is done with it.
FREED = (
    "SELECT 1 WHERE (SELECT max(attempts) FROM procrastinate_jobs WHERE lock LIKE %s "
    "AND status = 'doing') > 0 OR NOT EXISTS (SELECT 1 FROM procrastinate_jobs)"
)
ENDED = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE "
    "'alternator%' AND state = 'idle in transaction' AND state_change < now() - interval '1 s'"
)
TOLD = "another worker's by now"
WRITTEN = (
    "SELECT status_id, attachment_id, text, replaces, outcome, edited_at FROM written ORDER BY id"
)
