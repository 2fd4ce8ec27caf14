"""The whole bot, killed at each step of what a person asked it for, and started again.

It is done once: what had been carried out is recognised, and what had not is done then.
"""

import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass

import pytest
from fault_scene import LOOKS
from fault_world import untouched_but
from killed_bot import Killed
from waiting import wait_for

from alternator.store.errands import Errand, Kind
from alternator.store.opening import STATE_FILE, opened_beside

POST = "/api/v1/statuses/{}"
# Method, path, how many of these go before, whether it is carried out: the requests of an errand.
REQUESTS = {
    "plan": ("GET", POST, 0, False),
    "source": ("GET", f"{POST}/source", 0, False),
    "second-look": ("GET", POST, 1, False),
    "edit-before": ("PUT", POST, 0, False),
    "edit-after": ("PUT", POST, 0, True),
    "look-after": ("GET", f"{POST}/source", 1, False),
}
WRITES: dict[tuple[str, str], tuple[Kind, ...]] = {
    ("errands", "begin"): ("rewrite", "undo", "again"),
    ("history", "begin_undo"): ("rewrite", "undo", "again"),
    ("history", "sending"): ("rewrite",),
    ("history", "end_undo"): ("rewrite", "undo", "again"),
    ("listing", "retry"): ("again",),
    ("errands", "end"): ("rewrite", "undo", "again"),
}
KINDS: tuple[Kind, ...] = ("rewrite", "undo", "again")
# Of the post, beside the one that described it first.
EDITS: dict[Kind, int] = {"rewrite": 1, "undo": 1, "again": 2}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A post that the bot has described, and what is asked about it while no bot runs."""

    killed: Killed
    kind: Kind
    key: str
    words: str

    def row(self) -> tuple[int | None, float | None, str]:
        with closing(sqlite3.connect(self.killed.folder / "state" / STATE_FILE)) as db:
            begun, ended, why = db.execute("SELECT begun, ended, why FROM errand").fetchone()
        return begun, ended, why

    @property
    def description(self) -> str | None:
        found = self.killed.world.server.descriptions(self.killed.scene.victim)[1]
        return None if found is None else str(found)

    def goes_on(self) -> None:
        """The next start does what is left of it, and no more; the post is whole."""
        killed, world = self.killed, self.killed.world
        world.clear()
        made = world.edits(killed.scene.victim) - 1
        world.server.sandbox.request_log.clear()
        process = killed.start()
        wait_for(lambda: self.row()[1] is not None, 20, "the end of the errand")
        wanted = {"rewrite": "A cat of mine", "undo": None, "again": self.words}[self.kind]
        wait_for(lambda: (self.description or None) == wanted, 20, "the words")
        wait_for(lambda: killed.settled(""), 20, "the bot to be done with the post")
        os.kill(process, signal.SIGTERM)
        assert killed.zygote.wait() == 0, killed.log()
        assert self.row()[2] == "", killed.log()
        victim = killed.scene.victim
        assert world.edits(victim) == 1 + EDITS[self.kind]
        # One with the same words again would be no version of its own here, elsewhere it is.
        assert len(world.server.requests("PUT")) == EDITS[self.kind] - made
        assert untouched_but(killed.scene.before[victim], world.record(victim)) == []
        log = killed.log()
        assert "Traceback" not in log and "unexpected" not in log
        # Nothing keeps a person from the next one, and the history knows the words.
        with opened_beside(killed.folder / "state", clock=world.clock.now) as store:
            (state,) = store.all_accounts().values()
            assert not state.history.is_busy(victim)
            newest = next(
                entry
                for entry in state.history.entries(status_id=victim)
                if entry.writing.attachment_id == self.key
            )
        if self.kind == "undo":
            assert newest.outcome == "undone"
        else:
            assert (newest.outcome, newest.writing.text) == ("written", wanted)
        # A later start finds nothing to do.
        world.server.sandbox.request_log.clear()
        process = killed.start()
        wait_for(lambda: world.server.requests(path=LOOKS), 20, "the next look")
        os.kill(process, signal.SIGTERM)
        assert killed.zygote.wait() == 0, killed.log()
        assert world.edits(victim) == 1 + EDITS[self.kind]


@pytest.fixture
def asked(killed: Killed, request: pytest.FixtureRequest) -> Asked:
    world, victim = killed.world, killed.scene.victim
    process = killed.start()
    wait_for(lambda: world.described(victim), 20, "the victim to be described")
    wait_for(lambda: killed.settled(killed.log()), 20, "it to be done with the post")
    os.kill(process, signal.SIGTERM)
    assert killed.zygote.wait() == 0, killed.log()
    world.server.sandbox.request_log.clear()
    attachment = world.server.status(victim)["media_attachments"][1]
    kind, key = request.param, attachment["id"]
    text = "A cat of mine" if kind == "rewrite" else ""
    errand = Errand(kind=kind, status_id=victim, attachment_id=key, text=text)
    with opened_beside(killed.folder / "state", clock=world.clock.now) as store:
        (state,) = store.all_accounts().values()
        assert state.errands.ask(errand)
    return Asked(killed=killed, kind=kind, key=key, words=str(attachment["description"]))


@pytest.mark.table
@pytest.mark.parametrize("asked", KINDS, indirect=True)
@pytest.mark.parametrize("step", REQUESTS)
def test_a_kill_at_a_request(asked: Asked, step: str) -> None:
    killed, world = asked.killed, asked.killed.world
    method, path, skip, after = REQUESTS[step]
    path = path.format(killed.scene.victim)
    killed.scene.fail(method, path, skip=skip, after=after, hang=True, times=1)
    process = killed.start()
    wait_for(lambda: world.hits, 20, "the step")
    if after:
        wait_for(lambda: world.edits(killed.scene.victim) > 1, 20, "the edit")
    os.kill(process, signal.SIGKILL)
    assert killed.zygote.wait() == -signal.SIGKILL, killed.log()
    begun, ended, _ = asked.row()
    assert begun is not None and ended is None
    asked.goes_on()


@pytest.mark.table
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("part", "method", "asked"),
    [(*write, kind) for write, kinds in WRITES.items() for kind in kinds],
    indirect=["asked"],
)
def test_a_kill_at_a_write(asked: Asked, part: str, method: str, when: str) -> None:
    killed = asked.killed
    killed.start(kill=int(signal.SIGKILL), part=part, method=method, when=when)
    assert killed.zygote.wait() == -signal.SIGKILL, killed.log()
    asked.goes_on()
