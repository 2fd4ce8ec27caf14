"""A cluster that describes for others: whoever dies, each who asks is answered once, and the limits
of a person hold, whichever bot counts."""

import pytest
from cluster import NO_WHISPER
from cluster_scene import ClusterScene
from waiting import wait_for

from sandbox.model.records import DEMO_ACCOUNT, Status

POST = "/api/v1/statuses"
NOTICES = "/api/v1/notifications"
WHO = "neighbour"
PATIENCE = 180.0
PACE = 4.0  # two bots and two workers at once: slower than the others, so that all have their turn
ASKS_PER_HOUR = 6
# A question takes 500 tokens or so, and is asked only while its longest answer fits.
DAILY_TOKENS, LONGEST = 3500, 1500
OTHERS = f"{NO_WHISPER}\n[others]\nenabled = true\nasks_per_hour = {ASKS_PER_HOUR}\n"


@pytest.fixture
def scene(scene_of_cluster: ClusterScene, request: pytest.FixtureRequest) -> ClusterScene:
    """A bot and a worker that have looked once: what comes now is new. The parameter: so many
    tokens in a day."""
    cluster = scene_of_cluster.cluster
    cluster.daily_tokens = getattr(request, "param", 0)
    cluster.settings = OTHERS
    cluster.pace = PACE
    cluster.start_all("bot-1", "worker-1")
    wait_for(lambda: cluster.ask("SELECT 1 FROM place WHERE name = 'notices'"), PATIENCE, "a look")
    wait_for(scene_of_cluster.world.server.open_streams, PATIENCE, "the stream")
    scene_of_cluster.until_described(*scene_of_cluster.victims)
    cluster.until_idle(PATIENCE)
    return scene_of_cluster


def asked(scene: ClusterScene) -> str:
    """Somebody posts two pictures, and asks for them below; the id of their post."""
    server, picture = scene.world.server, scene.scene.files.picture
    post = str(server.post("Look", files=[picture] * 2, token=WHO)["id"])
    server.post("@demo", token=WHO, in_reply_to_id=post)
    return post


def answers(scene: ClusterScene, post: str) -> list[Status]:
    """What the account said below a post."""
    store = scene.world.server.sandbox.store
    with store.lock:
        posts = list(store.statuses.values())
    return [
        one for one in posts if one.account_id == DEMO_ACCOUNT.id and one.in_reply_to_id == post
    ]


def until_answered(scene: ClusterScene, post: str) -> None:
    """Wait for an answer that describes both."""
    wait_for(lambda: any("2: " in one.text for one in answers(scene, post)), PATIENCE, "the answer")


def ends_well(scene: ClusterScene, *posts: str) -> None:
    """Each was answered once; nothing of others was edited, nothing is left behind."""
    cluster = scene.cluster
    cluster.until_idle(PATIENCE)
    cluster.end()
    assert cluster.left_behind() == []
    assert cluster.defects() == [], cluster.log()
    assert [len(answers(scene, post)) for post in posts] == [1] * len(posts)
    assert [scene.world.edits(post) for post in posts] == [0] * len(posts)
    assert cluster.ask("SELECT state, count(*) FROM asking GROUP BY 1") == [
        ("answered", len(posts))
    ]


def test_whoever_dies_each_who_asks_is_answered_once(scene: ClusterScene) -> None:
    """A worker at its answer, carried out or not; a bot that hears; both with another one there."""
    cluster, world = scene.cluster, scene.world
    posts = []
    worker, bot = "worker-1", "bot-1"
    blows = [("worker", "POST", POST, False), ("worker", "POST", POST, True)]
    blows += [("bot", "GET", NOTICES, False)]
    for number, (role, method, path, after) in enumerate(blows, 2):
        hits = scene.hits()
        scene.scene.fail(method, path, after=after, hang=True, times=1)
        posts.append(asked(scene))
        scene.until_hit(hits)
        if after:
            until_answered(scene, posts[-1])
            world.server.sandbox.store.idempotency_keys.clear()
        cluster.start_all(f"{role}-{number}")
        cluster.kill(worker if role == "worker" else bot)
        if role == "worker":
            worker = f"{role}-{number}"
        else:
            bot = f"{role}-{number}"
        world.clear()
        until_answered(scene, posts[-1])
        cluster.until_idle(PATIENCE)
    ends_well(scene, *posts)


@pytest.mark.parametrize("after", [False, True])
def test_a_bot_that_dies_while_it_confirms_is_followed_by_one_that_does(
    scene: ClusterScene, after: bool
) -> None:
    cluster, world = scene.cluster, scene.world
    hits = scene.hits()
    scene.scene.fail("POST", POST, after=after, hang=True, times=1)
    message = str(world.server.post("@demo stop", token=WHO, visibility="direct")["id"])
    scene.until_hit(hits)
    if after:
        wait_for(lambda: answers(scene, message), PATIENCE, "the confirmation")
        world.server.sandbox.store.idempotency_keys.clear()
    cluster.start_all("bot-2")
    cluster.kill("bot-1")
    world.clear()
    wait_for(lambda: answers(scene, message), PATIENCE, "the confirmation")
    wait_for(lambda: cluster.ask("SELECT 1 FROM outgoing WHERE parts = '[]'"), PATIENCE, "its note")
    cluster.until_idle(PATIENCE)
    cluster.end()
    assert len(answers(scene, message)) == 1
    assert cluster.ask("SELECT wish FROM consent") == [("stopped",)]
    assert cluster.left_behind() == [] and cluster.defects() == [], cluster.log()


def answers_anywhere(scene: ClusterScene, words: str) -> list[str]:
    """What the account said that has these words."""
    store = scene.world.server.sandbox.store
    with store.lock:
        posts = list(store.statuses.values())
    return [one.text for one in posts if one.account_id == DEMO_ACCOUNT.id and words in one.text]


def test_a_persons_hour_holds_for_all_bots_and_workers(scene: ClusterScene) -> None:
    """Half of it asked of one bot, the rest of the one that takes over."""
    cluster = scene.cluster
    cluster.start_all("worker-2")
    posts = [asked(scene) for _ in range(ASKS_PER_HOUR // 2)]
    for post in posts:
        until_answered(scene, post)
    cluster.start_all("bot-2")
    cluster.kill("bot-1")
    more = [asked(scene) for _ in range(ASKS_PER_HOUR)]
    wait_for(lambda: answers_anywhere(scene, "more than I may describe"), PATIENCE, "the word")
    cluster.until_idle(PATIENCE)
    described = [post for post in more if answers(scene, post)]
    assert len(described) == ASKS_PER_HOUR - len(posts)
    assert len(answers_anywhere(scene, "more than I may describe")) == 1
    ends_well(scene, *posts, *described)


@pytest.mark.parametrize("scene", [DAILY_TOKENS], indirect=True)
def test_the_days_tokens_hold_for_all_workers(scene: ClusterScene) -> None:
    """Who asks then is not forgotten: it is waited for the next day."""
    cluster, vision = scene.cluster, scene.world.vision
    cluster.start_all("worker-2")
    posts = [asked(scene) for _ in range(ASKS_PER_HOUR)]

    def used() -> int:
        ((tokens,),) = cluster.ask("SELECT used FROM tokens")
        return int(tokens)

    def all_is_said() -> bool:
        # What is under way is counted at its longest, so the sum stands still once nothing is.
        before = used()
        scene.passes(2)
        return DAILY_TOKENS - LONGEST < before == used()

    wait_for(all_is_said, PATIENCE, "the end of the tokens")
    asked_for = len(vision.requests())
    assert "of [vision] daily_tokens are used up" in cluster.log()
    scene.passes(5)
    assert len(vision.requests()) == asked_for
    assert used() <= DAILY_TOKENS
    described = [post for post in posts if answers(scene, post)]
    waiting = cluster.ask(
        "SELECT DISTINCT status_id, attempts FROM attachment WHERE state = 'waiting'"
    )
    assert described and waiting
    assert sorted(waiting) == sorted((post, 0) for post in set(posts) - set(described))
    cluster.end()
    assert cluster.defects() == [], cluster.log()
