"""The whole bot with each fault at each of its requests: once, and for ever.

After each of them the post is whole, edited once at most, and described as soon as it can be; the
other posts were described meanwhile; the log has neither a trace nor a secret.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fault_table import Pair, Step, known, pairs
from fault_world import KEY, TOKEN, Bot, Files, Posts, World, untouched_but, wait_until
from stranger import Stranger

from sandbox.control.faults import Fault

HOUR = 3600.0
# "For ever", by kind of step: longer than six tries take where tries are counted.
EVER = {"media": 20 * HOUR, "model": 20 * HOUR, "edit": 20 * HOUR}
SHORT_EVER = 3 * HOUR
CALM = 2 * HOUR  # time in which nothing more may happen


class Scene:
    """One pair: the posts, the fault, and the bot."""

    # size: everything that a pair needs, each from its own fixture.
    def __init__(
        self, pair: Pair, world: World, files: Files, stranger: Stranger, folder: Path
    ) -> None:
        self.pair = pair
        self.world = world
        self.files = files
        self.stranger = stranger
        looks = pair.step.when == "running"
        self.bot = Bot(
            world,
            folder,
            user_stream=pair.step.stream,
            poll_interval_seconds=600 if looks else 3600,
        )
        self.before: dict[str, dict[str, Any]] = {}

    def play(self) -> None:
        """Posts, fault, bot, in the order in which the step needs them."""
        older = self.world.server.post("Long ago", files=[self.files.picture])["id"]
        if self.pair.step.when == "running":
            for number in range(4):
                self.world.server.post(f"Words {number}")
            self.bot.start()
            self.until(lambda: self.world.server.requests(path="/api/v1/accounts/*/statuses"), "")
            if self.pair.step.stream:
                self.until(self.world.server.open_streams, "the stream")
            self.fail(self.pair.step, victim=None)
            if self.pair.step.id == "stream":
                self.world.server.drop_streams()
                self.until(lambda: self.world.hits, "the fault")
            self.posts = self.post(older)
        else:
            self.posts = self.post(older)
            self.fail(self.pair.step, victim=self.posts.victim)
            self.bot.start()

    def post(self, older: str) -> Posts:
        """The posts of a world, and what they are now."""
        server, picture = self.world.server, self.files.picture
        by_hand = server.post("Mine", files=[picture], descriptions=["By hand"])["id"]
        server.post("Words alone")
        other = server.post("Listen", files=[self.files.clip], language="de")["id"]
        victim = server.post(
            "Look, *two* of them",
            files=[picture, picture],
            descriptions=["By hand as well"],
            spoiler_text="Colours",
            sensitive=True,
            language="en",
            visibility="unlisted",
            in_reply_to_id=by_hand,
        )["id"]
        posts = Posts(older=older, by_hand=by_hand, other=other, victim=victim)
        self.before = {key: self.world.record(key) for key in vars(posts).values()}
        return posts

    def fail(self, step: Step, *, victim: str | None) -> None:
        """Set the fault."""
        fields = dict(self.pair.fault.answer)
        media = ""
        if victim is not None:
            urls = [a["url"] for a in self.world.server.status(victim)["media_attachments"]]
            media = urlsplit(str(urls[1])).path
        if fields.get("body") == "{foreign}":
            fields["body"] = self.foreign(step)
        if "headers" in fields:
            reset = (datetime.now(UTC) + timedelta(seconds=120)).isoformat()
            words = {"{in 120 s}": reset, "{stranger}": f"{self.stranger.url}/elsewhere"}
            fields["headers"] = {
                name: words.get(value, value) for name, value in fields["headers"].items()
            }
        fault = Fault(
            method=step.method,
            path=step.path.format(victim=victim, media=media),
            skip=step.skip,
            after=step.after,
            times=1 if self.pair.times == "once" else None,
            **fields,
        )
        self.world.add(fault, model=step.kind == "model")

    def foreign(self, step: Step) -> Any:
        """What is of another post, and of another account."""
        server = self.world.server
        theirs = server.post("Not mine", files=[self.files.picture], token="neighbour")
        if step.id == "source":
            return {"id": theirs["id"], "text": "Not mine", "spoiler_text": ""}
        return [theirs] if step.kind.startswith("look") else theirs

    @property
    def ever(self) -> float:
        """How long "for ever" is, in seconds of the bot's time.

        An answer that does not come takes real time, so it comes to no more tries than needed.
        """
        if self.pair.fault.slow and self.pair.outcome == "later":
            return SHORT_EVER
        return EVER.get(self.pair.step.kind, SHORT_EVER)

    def until(self, condition: Any, what: str) -> None:
        wait_until(condition, what, self.bot)

    def passes(self, seconds: float) -> None:
        """Let so much of the bot's time pass."""
        end = self.world.clock.monotonic() + seconds
        self.until(lambda: self.world.clock.monotonic() > end, f"{seconds:g} s to pass")

    def described(self, name: str) -> None:
        key = getattr(self.posts, name)
        self.until(lambda: self.world.described(key), f"the {name} to be described")


@pytest.fixture
def scene(request, world, files, stranger, tmp_path):
    made = Scene(request.param, world, files, stranger, tmp_path)
    yield made
    if made.bot.started:
        world.clear()
        made.bot.end()


def marked() -> list[Any]:
    """All pairs; those that are known to fail as such."""
    fails = known()
    return [
        pytest.param(
            pair,
            id=pair.id,
            marks=[pytest.mark.xfail(strict=True, reason=fails[pair.id])]
            if pair.id in fails
            else [],
        )
        for pair in pairs()
    ]


@pytest.mark.parametrize("scene", marked(), indirect=True)
def test_a_fault_at_a_request(scene: Scene) -> None:
    scene.play()
    scene.until(lambda: scene.world.hits, "the fault to strike")
    if scene.pair.times == "once":
        once(scene)
    else:
        for_ever(scene)
    scene.passes(CALM)
    scene.bot.end()
    harmed_nothing(scene)


def once(scene: Scene) -> None:
    """Whatever happens once only delays."""
    scene.described("victim")
    scene.described("other")
    if scene.pair.outcome not in ("ends", "gone", "left", "given-up"):
        assert [str(error) for error in scene.bot.ends] == []


def for_ever(scene: Scene) -> None:
    """What comes of it while it lasts, and when it is over."""
    outcome, holds = scene.pair.outcome, scene.pair.step.holds
    victim = scene.posts.victim
    if holds != "everything":
        scene.described("other")
    if outcome in ("without", "once-more"):
        scene.described("victim")
        scene.world.clear()
        return
    scene.passes(scene.ever)
    assert not scene.world.described(victim)
    states = scene.bot.states(victim)
    if outcome in ("gone", "left"):
        assert states == {"left"}
        assert f"left alone post {victim}" in scene.bot.log
        scene.world.clear()
        return
    scene.world.clear()
    if outcome == "given-up":
        assert states == {"failed"}
        assert f"given up post {victim}" in scene.bot.log
        scene.bot = scene.bot.again(retry_failed=True)
    else:
        assert states <= {"waiting", "claimed"}
    scene.described("victim")
    scene.described("other")


def harmed_nothing(scene: Scene) -> None:
    """Every post is whole, by the server's own records, and the log is fit to be shown."""
    world, posts = scene.world, scene.posts
    for name, key in vars(posts).items():
        assert untouched_but(scene.before[key], world.record(key)) == [], name
    assert world.edits(posts.older) == world.edits(posts.by_hand) == 0
    assert world.edits(posts.other) == 1
    assert world.edits(posts.victim) == world.described(posts.victim)
    assert not world.described(posts.older)
    assert [seen for seen in scene.stranger.seen if "authorization" in seen] == []
    assert scene.pair.step.kind == "media" or scene.stranger.seen == []
    log = scene.bot.log
    assert "Traceback" not in log
    assert TOKEN not in log and KEY not in log
    assert "unexpected" not in log
