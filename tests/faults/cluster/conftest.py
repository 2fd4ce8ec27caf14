"""A cluster that is not started yet, with a scene's posts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Cluster
from cluster_scene import ClusterScene
from fault_scene import Scene
from fault_world import KEY, TOKEN
from postgres import PostgresServer
from zygote import Zygote


@pytest.fixture
def scene_of_cluster(
    scene: Scene, zygotes: Zygote, postgres: PostgresServer, tmp_path: Path
) -> Iterator[ClusterScene]:
    """A scene whose bot is a cluster."""
    name = postgres.with_tables()
    scene.post()
    cluster = Cluster(
        folder=tmp_path,
        zygote=zygotes,
        database=postgres.url(name),
        server=scene.world.server.url,
        vision=scene.world.vision.base_url,
        tokens={"demo": TOKEN},
        key=KEY,
    )
    yield ClusterScene(scene, cluster)
    zygotes.end()
    postgres.drop(name)
