"""What lies between the parts of a cluster: connections that are cut, reset, slow, silent, refused.

A proxy stands between the processes and one of their peers. It fails for a while, in which posts
are made, and in the middle of a post; then it does not any more.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cluster_scene import ClusterScene
from proxy import Manner, Proxy
from waiting import wait_for

PEERS = ("server", "vision", "database")
# What the proxy does; "for a while" is until it is well again.
MANNERS = {
    "refused": Manner(refuses=True),
    "held": Manner(holds=True),
    "silent": Manner(silent=True),
    "slow": Manner(pace=2000.0),
    "late": Manner(delay=0.3),
    "broken in the middle of answers": Manner(breaks_after=300, breaks=6),
}
WHILE_SECONDS = 2.0
# The endpoint's own answers are tried for themselves (tests/faults/test_requests.py).
PAIRS = [(p, m) for p in PEERS for m in MANNERS if p != "vision" or m in ("refused", "silent")]
MIDDLES = [(p, "reset") for p in PEERS] + [("database", "cut")]


def between(scene: ClusterScene, peer: str) -> Proxy:
    """A proxy for a peer."""
    if peer == "database":
        query = parse_qs(urlsplit(scene.cluster.database).query)
        return Proxy(Path(query["host"][0]) / f".s.PGSQL.{query['port'][0]}")
    address = urlsplit(scene.cluster.server if peer == "server" else scene.cluster.vision)
    assert address.port is not None
    return Proxy(address.port)


def through(scene: ClusterScene, peer: str, port: int) -> dict[str, str]:
    """Where a process finds the peer then."""
    if peer == "database":
        name = scene.cluster.database.partition("@/")[2].partition("?")[0]
        return {peer: f"postgresql://postgres@127.0.0.1:{port}/{name}"}
    return {peer: f"http://127.0.0.1:{port}{'/v1' if peer == 'vision' else ''}"}


@pytest.mark.table
@pytest.mark.parametrize(("peer", "manner"), PAIRS)
def test_a_peer_fails_for_a_while(
    scene_of_cluster: ClusterScene, peer: str, manner: str, more: Callable[[], str]
) -> None:
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    with between(scene, peer) as proxy:
        where = through(scene, peer, proxy.port)
        cluster.start("bot", where=where)
        cluster.start("worker", "worker-1", where=where)
        wait_for(lambda: scene.world.described(scene.victim), 60, "the victim to be described")
        manners = vars(MANNERS[manner])
        if manner != "broken in the middle of answers":
            proxy.reset()
        proxy.manner = Manner(**manners)
        later = more()
        wait_for(lambda: proxy.connections > 0, 20, "somebody to come")
        scene.passes(WHILE_SECONDS)
        proxy.well()
        wait_for(lambda: scene.world.described(later), 60, "the later post to be described")
        scene.ends_well()
        assert scene.world.edits(later) == 1


@pytest.mark.table
@pytest.mark.parametrize(("peer", "act"), MIDDLES)
@pytest.mark.parametrize("step", ["model", "source", "edit"])
def test_connections_end_in_the_middle_of_a_post(
    scene_of_cluster: ClusterScene, peer: str, act: str, step: str
) -> None:
    """Those to one peer, while the worker waits for the answer at a step."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    method, path = {
        "model": ("POST", "/v1/chat/completions"),
        "source": ("GET", "/api/v1/statuses/{victim}/source"),
        "edit": ("PUT", "/api/v1/statuses/{victim}"),
    }[step]
    scene.scene.fail(method, path, model=step == "model", delay=0.5, times=1)
    with between(scene, peer) as proxy:
        where = through(scene, peer, proxy.port)
        # An account on a server at another address is another one.
        cluster.start("bot", where=where if peer == "server" else {})
        cluster.start("worker", "worker-1", where=where)
        scene.until_hit()
        getattr(proxy, act)()
        scene.ends_well()
