"""A scene of the world (``fault_scene.py``) whose bot is a cluster, and how it must end."""

import time

from cluster import Cluster
from fault_scene import Scene
from fault_world import World, untouched_but
from waiting import wait_for

PATIENCE = 60.0  # seconds, of what takes one or two on a machine that has nothing else to do


class ClusterScene:
    """Posts of one account, and the processes that describe them. ``edits``: of the victim."""

    def __init__(self, scene: Scene, cluster: Cluster) -> None:
        self.scene = scene
        self.cluster = cluster
        self.world: World = scene.world
        self.edits = 1

    @property
    def victim(self) -> str:
        """The post that the fault is for."""
        return self.scene.victim

    def hits(self) -> int:
        """How often what was to fail did."""
        return len(self.world.hits)

    def until_hit(self) -> None:
        """Wait until what is to fail does."""
        wait_for(self.hits, PATIENCE, "the step")

    def until_found(self) -> None:
        """Wait until the victim has a job."""
        wait_for(
            lambda: self.cluster.ask(
                "SELECT 1 FROM procrastinate_jobs WHERE lock LIKE %s", f"%:{self.victim}"
            ),
            PATIENCE,
            "the post to be found",
        )

    def until_edited(self, times: int = 1) -> None:
        """Wait until the server has carried out so many edits of the victim."""
        wait_for(lambda: self.world.edits(self.victim) >= times, PATIENCE, "the edit")

    def until_described(self, *keys: str) -> None:
        """Wait until nothing of these posts lacks a description."""
        wait_for(lambda: all(map(self.world.described, keys)), PATIENCE, "the posts")

    def passes(self, seconds: float) -> None:
        """Let so much time pass."""
        time.sleep(seconds)

    def ends_well(self) -> None:
        """All is described, once, and nothing is left behind once everybody has ended."""
        world, posts = self.world, self.scene.posts
        world.clear()
        try:
            wait_for(lambda: world.described(posts.victim), PATIENCE, "the victim to be described")
        except BaseException:
            print(self.cluster.told())
            raise
        self.cluster.until_idle()
        self.cluster.end()
        assert self.cluster.left_behind() == []
        assert self.cluster.defects() == [], self.cluster.log()
        for name, key in vars(posts).items():
            assert untouched_but(self.scene.before[key], world.record(key)) == [], name
        assert world.edits(posts.victim) == self.edits
        assert world.edits(posts.older) == world.edits(posts.by_hand) == 0
