"""A cluster that is not started yet, with a scene's posts."""

from collections.abc import Callable, Iterator
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


@pytest.fixture
def more(scene_of_cluster: ClusterScene) -> Callable[[], str]:
    """Makes another post; its id."""

    def made() -> str:
        scene = scene_of_cluster.scene
        files = [scene.files.picture]
        return str(scene.world.server.post("One more", files=files)["id"])

    return made
