"""The whole bot with each fault at each of its requests: once, and for ever.

After each of them the post is whole, edited once at most, and described as soon as it can be; the
other posts were described meanwhile; the log has neither a trace nor a secret.
"""

from typing import Any

import pytest
from fault_scene import HOUR, Scene
from fault_table import Pair, Step, pairs

from alternator.bot.run import Wishes

# "For ever", by kind of step: longer than six tries take where tries are counted.
EVER = {"media": 20 * HOUR, "model": 20 * HOUR, "edit": 20 * HOUR, "post": 20 * HOUR}
SHORT_EVER = HOUR
SLOW_TRIES = 6


class Play(Scene):
    """The scene of one pair."""

    def __init__(self, pair: Pair, *parts: Any) -> None:
        self.pair = pair
        looks = pair.step.when == "running"
        super().__init__(
            *parts,
            user_stream=pair.step.stream,
            poll_interval_seconds=600 if looks else 3600,
        )

    def play(self) -> None:
        """Posts, fault, bot, in the order in which the step needs them."""
        if self.pair.step.when == "running":
            self.start_first()
            self.strike()
            if self.pair.step.id == "stream":
                self.world.server.drop_streams()
                self.until(lambda: self.world.hits, "the fault")
            self.post()
        else:
            self.post()
            self.strike()
            self.bot.start()

    def strike(self) -> None:
        """Set the fault."""
        step, answer = self.pair.step, dict(self.pair.fault.answer)
        if answer.get("body") == "{foreign}":
            answer["body"] = self.foreign(step)
        self.fail(
            step.method,
            step.path,
            model=step.kind == "model",
            skip=step.skip,
            after=step.after,
            times=1 if self.pair.times == "once" else None,
            **answer,
        )

    def foreign(self, step: Step) -> Any:
        """What is of another post, and of another account."""
        server = self.world.server
        theirs = server.post("Not mine", files=[self.files.picture], token="neighbour")
        if step.id == "source":
            return {"id": theirs["id"], "text": "Not mine", "spoiler_text": ""}
        return [theirs] if step.kind.startswith("look") else theirs

    def lasts(self) -> None:
        """Let it fail for ever: for longer than six tries take, where tries are counted.

        An answer that does not come takes real time, so there are no more of it than needed.
        """
        fault, kind = self.pair.fault, self.pair.step.kind
        if fault.slow and self.pair.outcome in ("later", "ends"):
            self.until(lambda: len(self.world.hits) >= SLOW_TRIES, "more of it")
        elif self.pair.outcome == "later" and not fault.long:
            self.passes(SHORT_EVER)
        else:
            self.passes(EVER.get(kind, SHORT_EVER))


@pytest.fixture
def scene(request, world, files, stranger, tmp_path):
    made = Play(request.param, world, files, stranger, tmp_path)
    yield made
    made.close()


@pytest.mark.table
@pytest.mark.parametrize("scene", list(pairs()), ids=lambda pair: pair.id, indirect=True)
def test_a_fault_at_a_request(scene: Play) -> None:
    scene.play()
    scene.until(lambda: scene.world.hits, "the fault to strike")
    if scene.pair.times == "once":
        once(scene)
    else:
        for_ever(scene)
    scene.harmed_nothing()
    assert scene.pair.step.kind == "media" or scene.stranger.seen == []


def once(scene: Play) -> None:
    """Whatever happens once only delays."""
    scene.described("victim")
    scene.described("other")
    if scene.pair.outcome not in ("ends", "gone", "left", "given-up"):
        assert [str(error) for error in scene.bot.ends] == []


def for_ever(scene: Play) -> None:
    """What comes of it while it lasts, and when it is over."""
    outcome, holds = scene.pair.outcome, scene.pair.step.holds
    victim = scene.posts.victim
    if holds != "everything" and outcome != "holds":
        scene.described("other")
    if outcome in ("without", "once-more"):
        scene.described("victim")
        scene.described("other")
        scene.world.clear()
        return
    if outcome == "given-up":
        # A post's failures count once another one was edited since the first of them.
        later = scene.world.server.post("Later", files=[scene.files.clip])["id"]
        scene.until(lambda: scene.world.described(later), "a later post to be described")
    scene.lasts()
    # While looks and work wait for the same budget, now and then a post slips through.
    assert outcome == "holds" or not scene.world.described(victim)
    if outcome in ("gone", "left"):
        scene.until(lambda: scene.bot.states(victim) == {"left"}, "it to be left alone")
        assert f"left alone post {victim}" in scene.bot.log
        scene.edits["victim"] = 0
        scene.world.clear()
        return
    scene.world.clear()
    if outcome == "given-up":
        scene.until(lambda: scene.bot.states(victim) == {"failed"}, "it to be given up")
        assert f"given up post {victim}" in scene.bot.log
        scene.bot = scene.bot.again(Wishes(retry_failed=True))
    else:
        assert not scene.bot.states(victim) & {"left", "failed"}
    scene.described("victim")
    scene.described("other")
