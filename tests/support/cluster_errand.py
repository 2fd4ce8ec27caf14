"""What a person asks of a cluster on the dashboard, and how it must be done in the end."""

from collections.abc import Callable

from cluster_scene import ClusterScene
from fault_world import untouched_but
from waiting import wait_for

from alternator.store.errands import Errand, Kind
from alternator.store.opening import opened_beside

KINDS: tuple[Kind, ...] = ("rewrite", "undo", "again")
# Of the post, beside the one that described it first.
EDITS: dict[Kind, int] = {"rewrite": 1, "undo": 1, "again": 2}
WORDS = "A cat of mine"


def ask(scene: ClusterScene, kind: Kind) -> int:
    """Ask for an errand, as the dashboard does; its number."""
    key = scene.world.server.status(scene.victim)["media_attachments"][1]["id"]
    text = WORDS if kind == "rewrite" else ""
    errand = Errand(kind=kind, status_id=scene.victim, attachment_id=key, text=text)
    with opened_beside(
        scene.cluster.folder, clock=scene.world.clock.now, database=scene.cluster.settings_of
    ) as store:
        (state,) = store.all_accounts().values()
        assert state.errands.ask(errand)
    ((number,),) = scene.cluster.ask("SELECT max(number) FROM errand")
    return int(number)


def said(scene: ClusterScene) -> str | None:
    """The victim's second description; None where it has none."""
    found = scene.world.server.descriptions(scene.victim)[1]
    return str(found) if found else None


def ended(scene: ClusterScene, number: int) -> Callable[[], bool]:
    """Whether an errand has."""
    query = "SELECT 1 FROM errand WHERE number = %s AND ended IS NOT NULL"
    return lambda: bool(scene.cluster.ask(query, number))


class Errands:
    """Errands of one kind, each about a post of its own, in a cluster whose bot goes on."""

    def __init__(self, scene: ClusterScene, kind: Kind) -> None:
        self.scene = scene
        self.kind = kind
        self.number = 0
        self._words: str | None = None
        scene.edits = 1 + EDITS[kind]
        scene.cluster.start("bot")

    def ask(self) -> None:
        """Have a post described, and ask; no worker is there then."""
        scene = self.scene
        if self.number:
            scene.another_victim()
        scene.cluster.start("worker", "worker-0")
        scene.until_described(scene.victim)
        scene.cluster.until_idle()
        scene.cluster.end_one("worker-0")
        self._words = {"rewrite": WORDS, "undo": None, "again": said(scene)}[self.kind]
        self.number = ask(scene, self.kind)

    def until_done(self) -> None:
        """Wait until it is done, and nothing else is left to do."""
        scene = self.scene
        wait_for(ended(scene, self.number), 60, "the end of the errand")
        wait_for(lambda: said(scene) == self._words, 60, "the words")
        scene.cluster.until_idle()

    def end_well(self) -> None:
        """Each was done once, nobody was told anything else, and nothing is left behind."""
        scene, cluster = self.scene, self.scene.cluster
        cluster.end()
        assert {why for (why,) in cluster.ask("SELECT why FROM errand")} == {""}, cluster.log()
        assert cluster.left_behind() == []
        assert cluster.defects() == [], cluster.log()
        for victim in scene.victims:
            assert untouched_but(scene.scene.before[victim], scene.world.record(victim)) == []
            assert scene.world.edits(victim) == scene.edits, cluster.log()
