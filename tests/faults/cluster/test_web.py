"""``alternator web``, killed while a member connects, asks for something, and leaves.

Started again it is asked for the same once more, as people do; one who left and does not come back
is gone all the same.
"""

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests
from cluster_errand import WORDS, said
from cluster_scene import ClusterScene
from cluster_web import Web
from member_site import Visit
from waiting import wait_for

USER = "neighbour"  # the demo account is of the configuration
# A request to the server, carried out or not, or a write: what the process dies at.
Blow = tuple[str, str, bool]
SIGN_UP: tuple[Blow, ...] = (
    ("POST", "/oauth/token", True),
    ("enrolment", "enrol", True),
    ("enrolment", "bind", True),
)
LEAVING: tuple[Blow, ...] = (
    ("POST", "/oauth/revoke", False),
    ("enrolment", "withdraw", True),
)
# Of who does not come back.
LEFT: dict[str, Blow] = {
    USER: ("POST", "/oauth/revoke", True),
    "passerby": ("cluster", "erase", True),
    "robot": ("enrolment", "change", True),
}
ERRAND: tuple[Blow, ...] = (("errands", "ask", False), ("errands", "ask", True))


@pytest.fixture
def web(scene_of_cluster: ClusterScene) -> Web:
    """The pages of a cluster whose bot and worker run; those are to be started."""
    made = Web(scene_of_cluster)
    scene_of_cluster.cluster.start_all("bot", "worker")
    return made


def struck(scene: ClusterScene, web: Web, blow: Blow, act: Callable[[], object]) -> None:
    """Have the pages die of a blow while a browser does something, and start them again."""
    where, what, after = blow
    if where.isupper():
        if "web" not in scene.cluster.members:
            web.start()
        hits = scene.hits()
        scene.scene.fail(where, what, after=after, hang=True, times=1)
        browser = in_vain(act)
        scene.until_hit(hits)
        scene.cluster.kill("web")
        scene.world.clear()
    else:
        switches: dict[str, Any] = {"part": where, "method": what}
        when = "after" if after else "before"
        if "web" in scene.cluster.members:
            scene.cluster.kill("web")
        web.start(kill=int(signal.SIGKILL), when=when, **switches)
        browser = in_vain(act)
        assert scene.cluster.ended("web") == -signal.SIGKILL, scene.cluster.log()
    browser.join()
    web.start()


def in_vain(act: Callable[[], object]) -> threading.Thread:
    """Something that a browser does, whose answer may not come."""

    def run() -> None:
        with suppress(requests.RequestException):
            act()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def members(scene: ClusterScene) -> list[Any]:
    """Who is enrolled beside the configuration's accounts."""
    return scene.cluster.ask("SELECT account FROM watched WHERE source = 'member'")


def tokens(scene: ClusterScene) -> int:
    """How many tokens the server has given and not taken back."""
    return len(scene.world.server.sandbox.oauth._tokens)


def is_gone(scene: ClusterScene) -> bool:
    """Whether nothing is kept of a member, nor any token worth anything."""
    accounts = scene.cluster.ask("SELECT id FROM account")
    return not members(scene) and len(accounts) == 1 and not tokens(scene)


def left(visit: Visit) -> None:
    """Leave, and read that it is done."""
    found = visit.send("/me/leave", sure="yes")
    assert found.headers["Location"] == "/join/left", found.text


def test_the_pages_are_killed_while_a_member_connects(
    scene_of_cluster: ClusterScene, web: Web
) -> None:
    scene = scene_of_cluster
    for blow in SIGN_UP:
        visit = web.visit()

        def begins(visit: Visit = visit) -> None:
            visit.join(USER)

        struck(scene, web, blow, begins)
        found = visit.join(USER)
        assert found.headers["Location"] == "/me?said=connected", (blow, found.text)
        assert visit.get("/me").status_code == 200
        assert len(members(scene)) == tokens(scene) == 1, blow
        if blow is SIGN_UP[-1]:
            post = scene.world.server.post("M", files=[scene.scene.files.picture], token=USER)
            scene.until_described(post["id"])
            assert scene.world.edits(post["id"]) == 1
        left(visit)
        assert is_gone(scene), blow
    scene.ends_well()


def test_the_pages_are_killed_while_a_member_leaves(
    scene_of_cluster: ClusterScene, web: Web
) -> None:
    scene = scene_of_cluster
    web.start()
    for blow in LEAVING:
        leaves_in_vain(scene, web, blow, USER, comes_back=True)
        assert is_gone(scene), blow
    for user, blow in LEFT.items():
        leaves_in_vain(scene, web, blow, user, comes_back=False)
    assert len(members(scene)) == len(LEFT)
    wait_for(lambda: is_gone(scene), 60, "nothing to be kept")
    scene.ends_well()


def leaves_in_vain(
    scene: ClusterScene, web: Web, blow: Blow, user: str, *, comes_back: bool
) -> None:
    """A member connects and leaves; the pages die of it. One who comes back leaves once more."""
    visit = web.visit()
    visit.join(user)
    struck(scene, web, blow, lambda: visit.send("/me/leave", sure="yes"))
    if comes_back and members(scene):
        left(visit)


def test_the_pages_are_killed_while_an_errand_is_written(
    scene_of_cluster: ClusterScene, web: Web
) -> None:
    """Whoever got no answer asks again: it is done once."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    scene.edits = 2
    for blow in ERRAND:
        scene.until_described(scene.victim)
        cluster.until_idle()
        ((number,),) = cluster.ask("SELECT id FROM account")
        key = scene.world.server.status(scene.victim)["media_attachments"][1]["id"]
        page = f"/posts/{scene.victim}/rewrite"
        fields = {"account": str(number), "attachment": key, "text": WORDS}
        operator = web.operator()

        def asks(operator: Visit = operator, page: str = page, fields: Any = fields) -> None:
            operator.send(page, **fields)

        struck(scene, web, blow, asks)
        assert operator.send(page, **fields).status_code == 303
        wait_for(lambda: said(scene) == WORDS, 30, "the words")
        cluster.until_idle()
        assert scene.world.edits(scene.victim) == 2, blow
        if blow is not ERRAND[-1]:
            scene.another_victim()
    scene.ends_well()
