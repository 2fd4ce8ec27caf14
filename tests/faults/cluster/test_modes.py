"""A worker and a bot, killed while they do something else with a text than to edit: nothing is said
twice."""

import signal
from collections.abc import Iterator

import pytest
from cluster_scene import ClusterScene
from threads import PICTURES, WARNING, forget_keys, numbers_below, parts_below
from waiting import wait_for

from sandbox.model.records import DEMO_ACCOUNT, Status

# A request to the server, carried out or not, or a write: what a process dies at.
Blow = tuple[str, str, bool]
POST = "/api/v1/statuses"
OF_A_REPLY: tuple[Blow, ...] = (
    ("ledger", "answered", True),
    ("POST", POST, False),
    ("POST", POST, True),
)
OF_A_DRAFT: tuple[Blow, ...] = (("drafts", "keep", False), ("drafts", "keep", True))
OF_A_QUESTION: tuple[Blow, ...] = (("POST", POST, False), ("POST", POST, True))
WHOLE = list(range(2, PICTURES + 2))  # of whose attachments a long reply speaks
TURN_SECONDS = 3.0  # in which the bot looks at all drafts


@pytest.fixture
def scene(scene_of_cluster: ClusterScene, request: pytest.FixtureRequest) -> ClusterScene:
    """The scene in a mode."""
    scene_of_cluster.cluster.mastodon += f'\nmode = "{request.param}"'
    return scene_of_cluster


def struck(scene: ClusterScene, name: str, blow: Blow) -> None:
    """Have a process die of a blow, at a post that there is (a write) or that is made, and start
    it again. It runs before at a request, and not at a write."""
    where, what, after = blow
    cluster, role = scene.cluster, name.partition("-")[0]
    if where.isupper():
        hits = scene.hits()
        scene.scene.fail(where, what, after=after, hang=True, times=1)
        scene.another_victim()
        scene.until_hit(hits)
        cluster.kill(name)
        scene.world.clear()
    else:
        when = "after" if after else "before"
        cluster.start(role, name, kill=int(signal.SIGKILL), part=where, method=what, when=when)
        assert cluster.ended(name) == -signal.SIGKILL, cluster.log(name)


def replies(scene: ClusterScene, victim: str) -> list[Status]:
    """What the account answered to a post of its own."""
    return [one for one in own(scene) if one.in_reply_to_id == victim]


def questions(scene: ClusterScene, victim: str) -> list[Status]:
    """What the account asks itself about a post."""
    return [one for one in own(scene) if one.visibility == "direct" and victim in one.text]


def own(scene: ClusterScene) -> Iterator[Status]:
    """All that the account posted."""
    store = scene.world.server.sandbox.store
    with store.lock:
        posts = list(store.statuses.values())
    return (one for one in posts if one.account_id == DEMO_ACCOUNT.id)


def end(scene: ClusterScene) -> None:
    """All have ended, and nothing is left behind."""
    cluster = scene.cluster
    cluster.until_idle()
    cluster.end()
    assert cluster.left_behind() == []
    assert cluster.defects() == [], cluster.log()


@pytest.mark.parametrize("scene", ["reply"], indirect=True)
def test_a_reply_is_posted_once(scene: ClusterScene) -> None:
    cluster = scene.cluster
    cluster.start("bot")
    for blow in OF_A_REPLY:
        struck(scene, "worker", blow)
        cluster.start("worker")
        wait_for(lambda: replies(scene, scene.victim), 60, f"the reply: {blow}")
    end(scene)
    assert [len(replies(scene, one)) for one in scene.victims] == [1] * len(scene.victims)
    assert [scene.world.edits(one) for one in scene.victims] == [0] * len(scene.victims)


@pytest.mark.parametrize("scene", ["reply"], indirect=True)
def test_a_reply_in_parts_is_ended_by_another_worker(scene: ClusterScene) -> None:
    """By the one that is there when the first dies, in the words of the first, though the server
    knows no key of what was posted any more."""
    cluster, world = scene.cluster, scene.world
    cluster.start("bot")
    scene.until_found()  # the first post, whose reply would else be the one that fails
    for parts, after in ((1, False), (1, True), (2, False), (2, True)):
        cluster.start("worker", "worker-1")
        cluster.until_idle()
        hits = scene.hits()
        scene.scene.fail("POST", POST, skip=parts, after=after, hang=True, times=1)
        victim = scene.another_victim(PICTURES + 1, spoiler_text=WARNING)
        scene.until_hit(hits)
        until_parts(scene, victim, parts + after)
        asked = len(world.vision.requests())
        cluster.start("worker", "worker-2")
        cluster.kill("worker-1")
        world.clear()
        forget_keys(world)
        until_whole(scene, victim)
        cluster.until_idle()
        assert len(world.vision.requests()) == asked  # its words are kept
        cluster.end_one("worker-2")
    end(scene)
    for victim in scene.victims[1:]:
        assert numbers_below(world, victim) == WHOLE and len(parts_below(world, victim)) > 2


def until_parts(scene: ClusterScene, victim: str, number: int) -> None:
    """Wait until so many parts of its reply stand."""
    wait_for(lambda: len(parts_below(scene.world, victim)) == number, 60, f"part {number}")


def until_whole(scene: ClusterScene, victim: str) -> None:
    """Wait until its reply says all that it is to say."""
    wait_for(lambda: numbers_below(scene.world, victim) == WHOLE, 60, "the whole reply")


@pytest.mark.parametrize("scene", ["review"], indirect=True)
def test_an_author_is_asked_once(scene: ClusterScene) -> None:
    """And what they approve is written once."""
    cluster = scene.cluster
    cluster.start("bot")
    for blow in OF_A_DRAFT:
        scene.until_found()
        struck(scene, "worker", blow)
        if blow[2]:  # the bot may be faster than whoever takes the post over
            wait_for(lambda: questions(scene, scene.victim), 60, "the question")
        cluster.start("worker")
        wait_for(lambda: questions(scene, scene.victim), 60, f"the question: {blow}")
        cluster.until_idle()
        if blow is not OF_A_DRAFT[-1]:
            cluster.end_one("worker")
            scene.another_victim()
    for blow in OF_A_QUESTION:
        struck(scene, "bot", blow)
        cluster.start("bot")
        wait_for(lambda: questions(scene, scene.victim), 60, f"the question: {blow}")
    scene.passes(TURN_SECONDS)
    asked = {one: questions(scene, one) for one in scene.victims}
    assert [len(found) for found in asked.values()] == [1] * len(asked), cluster.state()
    for (question,) in asked.values():
        scene.world.server.post("ok", in_reply_to_id=question.id, visibility="direct")
    scene.until_described(*scene.victims)
    end(scene)
    assert [scene.world.edits(one) for one in scene.victims] == [1] * len(scene.victims)
