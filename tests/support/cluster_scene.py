"""A scene of the world (``fault_scene.py``) whose bot is a cluster, and how it must end."""

import time
from dataclasses import replace
from typing import Any

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
        self.victims = [scene.victim]

    @property
    def victim(self) -> str:
        """The post that the fault is for."""
        return self.scene.victim

    def another_victim(self, pictures: int = 2, **fields: Any) -> str:
        """Post another one that the next fault is for, its first picture described; its id."""
        files = [self.scene.files.picture] * pictures
        server = self.world.server
        made = server.post("And look", files=files, descriptions=["Mine"], **fields)
        victim = str(made["id"])
        self.scene.posts = replace(self.scene.posts, victim=victim)
        self.scene.before[victim] = self.world.record(victim)
        self.victims.append(victim)
        return victim

    def is_given_back(self) -> bool:
        """Nobody has a job, and nothing is claimed or held: whoever comes may begin at once."""
        return self.cluster.ask(TAKEN) == []

    def hits(self) -> int:
        """How often what was to fail did."""
        return len(self.world.hits)

    def until_hit(self, after: int = 0) -> None:
        """Wait until what is to fail does; ``after`` so many that did before."""
        wait_for(lambda: self.hits() > after, PATIENCE, "the step")

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
        try:
            wait_for(lambda: all(map(self.world.described, keys)), PATIENCE, "the posts")
        except BaseException:
            print(self.cluster.told())
            raise

    def passes(self, seconds: float) -> None:
        """Let so much time pass."""
        time.sleep(seconds)

    def ends_well(self) -> None:
        """All is described, once, and nothing is left behind once everybody has ended."""
        world, posts = self.world, self.scene.posts
        world.clear()
        self.until_described(*self.victims)
        self.cluster.until_idle()
        self.cluster.end()
        assert self.cluster.left_behind() == []
        assert self.cluster.defects() == [], self.cluster.log()
        for key, before in self.scene.before.items():
            assert untouched_but(before, world.record(key)) == [], key
        assert {key: world.edits(key) for key in self.victims} == dict.fromkeys(
            self.victims, self.edits
        )
        assert world.edits(posts.older) == world.edits(posts.by_hand) == 0


# What a worker holds a post by is over for the next one at once.
TAKEN = (
    "SELECT lock FROM procrastinate_jobs WHERE status <> 'todo' UNION ALL "
    "SELECT status_id FROM attachment WHERE state = 'claimed' UNION ALL "
    "SELECT status_id FROM held WHERE until > alternator_now() AND by_bot = 0"
)
