"""The whole work on one post, against every wrong answer to every call about it, once and for ever.

Whatever comes, the post is left whole. What comes once is no reason not to describe it; what comes
for ever is a reason to leave it only if the server says so itself, twice, apart in time.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import pytest
from clock import Clock
from fast_clock import FastClock
from pauses import Pauses
from waiting import wait_for

from alternator.accounts.account import Account
from alternator.bot.bot import build_writer
from alternator.bot.describe import Describer
from alternator.bot.health import Health
from alternator.bot.speech_lane import SpeechLane
from alternator.bot.work import Work
from alternator.config.models import VisionSettings
from alternator.config.settings import Config, MastodonSettings, StateSettings
from alternator.errors import ServerError
from alternator.mastodon.api_session import POST_ATTEMPTS
from alternator.progress import SILENT
from alternator.stopping import Stop
from alternator.store.interface import Store
from alternator.store.outcomes import CONFIRM_SECONDS, AttachmentState, Found
from sandbox.model import entities
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer

Call = Literal["status", "source", "edit"]
Fault = dict[str, Any]

# In the server's own form: its own word.
OWN: dict[str, Fault] = {f"HTTP {code}": {"status": code} for code in (400, 403, 404, 410, 422)}
# From something before it, or of no meaning.
NONSENSE: dict[str, Fault] = {
    "a 404 of a proxy": {"status": 404, "body": "404 page not found"},
    "a 410 of a proxy": {"status": 410, "body": "<html>"},
    "a 403 of a proxy": {"status": 403, "body": "<html>"},
    "a 401 of a proxy": {"status": 401, "body": "<html>"},
    "a 422 of a proxy": {"status": 422, "body": "<html>"},
    "a redirect": {"status": 302, "headers": {"Location": "/login"}},
    "a page": {"spoil": "html"},
    "nothing": {"spoil": "empty"},
    "an empty object": {"status": 200, "body": {}},
    "an empty list": {"status": 200, "body": []},
    "null": {"status": 200, "body": "null"},
    "an error with 200": {"status": 200, "body": {"error": "busy"}},
    "half an answer": {"spoil": "truncated"},
    "too much": {"spoil": "gzip_bomb"},
    "a text": {"status": 200, "body": '"text"'},
    "a number": {"status": 200, "body": "NaN"},
    "a nest": {"status": 200, "body": "[" * 50_000},
}
BUSY: dict[str, Fault] = {
    "HTTP 401": {"status": 401},
    "HTTP 429": {"status": 429, "headers": {"Retry-After": "1"}},
    "HTTP 500": {"status": 500},
    "HTTP 503": {"status": 503, "body": "<html>", "headers": {"Retry-After": "1"}},
    "a broken line": {"drop": True},
}
ALL = OWN | NONSENSE | BUSY
FOREIGN = ("another's answer", "an answer without its media")


class World:
    """A bot's work on one post of a server that answers wrongly."""

    def __init__(
        self, server: SandboxServer, vision: VisionServer, store: Store, clock: Clock, folder: Path
    ) -> None:
        self.server, self.clock = server, clock
        settings = MastodonSettings(instance_url=server.url, access_token=server.token)
        self.time = FastClock(speed=2000.0)
        self.account = Account(settings, store, self.time)
        session = self.account.session(Pauses())
        self.account.sign_in(session)
        config = Config(
            mastodon=settings,
            vision=VisionSettings(base_url=vision.base_url, model="pixels"),
            state=StateSettings(directory=folder / "bot"),
        )
        writer = build_writer(config, 1500, None, SILENT)
        describer = Describer(session, writer, self.account.instance.dialect)
        health = Health(server=self.account.health, queue=self.account, worker=None)
        lane = SpeechLane(describer, health.speech, self.time, lambda: None, server.url)
        self.work = Work(self.account, describer, lane, health, Stop(self.time))

    def record(self, post: entities.Status) -> None:
        ids = tuple(entry["id"] for entry in post["media_attachments"])
        found = Found(status_id=post["id"], attachment_ids=ids, backfill=False)
        self.account.state.record([found])

    def turns(self, most: int) -> None:
        """Let the bot work on what is due, and time go on to what is due next."""
        for _ in range(most):
            claim = self.account.state.claim()
            if claim is not None:
                with suppress(ServerError):
                    self.work.describe(claim)
                self.wait_for_limit()
            due = self.account.state.next_due()
            if due is None:
                return
            self.clock.now = max(self.clock.now, due)

    def wait_for_limit(self) -> None:
        """A moment, in a time that runs so fast."""
        budget = self.account.budget
        wait_for(lambda: budget.seconds_left("edit") == budget.seconds_left("read") == 0)

    def states(self) -> dict[AttachmentState, int]:
        return dict(self.account.queue())


@pytest.fixture(scope="module")
def one_server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
def server(one_server: SandboxServer) -> SandboxServer:
    """As on its first day: starting one takes longer than most of the tests."""
    one_server.reset()
    return one_server


@pytest.fixture(scope="module")
def one_vision() -> Iterator[VisionServer]:
    with VisionServer() as running:
        yield running


@pytest.fixture
def vision(one_vision: VisionServer) -> VisionServer:
    one_vision.reset()
    return one_vision


@pytest.fixture
def world(
    server: SandboxServer, vision: VisionServer, store: Store, clock: Clock, tmp_path: Path
) -> World:
    return World(server, vision, store, clock, tmp_path)


@pytest.fixture
def post(server: SandboxServer, picture: Path, world: World) -> entities.Status:
    found = server.post(
        "Look at <this>\nand #that",
        files=[picture, picture],
        descriptions=[None, "Somebody's own words"],
        spoiler_text="Weather",
        sensitive="false",  # type: ignore[arg-type]  # as a form has it
        language="pt",
        visibility="unlisted",
    )
    world.record(found)
    return found


def path_of(call: Call, post: entities.Status) -> tuple[str, str]:
    path = f"/api/v1/statuses/{post['id']}"
    return {"status": ("GET", path), "source": ("GET", f"{path}/source"), "edit": ("PUT", path)}[
        call
    ]


def fault_of(name: str, server: SandboxServer, post: entities.Status, picture: Path) -> Fault:
    if name == "another's answer":
        other = server.post("Another text", files=[picture])
        return {"status": 200, "body": other | {"text": "Another text"}}
    if name == "an answer without its media":
        body = {key: value for key, value in post.items() if key != "media_attachments"}
        return {"status": 200, "body": body}
    return ALL[name]


def without_edit(post: entities.Status) -> dict[str, Any]:
    """All of a post that an edit of the bot's must leave alone."""
    found: dict[str, Any] = {**post}
    for volatile in ("edited_at", "account"):
        found.pop(volatile)
    found["media_attachments"] = [
        {key: value for key, value in entry.items() if key != "description"}
        for entry in post["media_attachments"]
    ]
    return found


CALLS: tuple[Call, ...] = ("status", "source", "edit")
CASES = [
    (call, name)
    for call in CALLS
    for name in (*ALL, *FOREIGN)
    if (call, name) != ("source", "an answer without its media")  # a source has none
]


@pytest.mark.table
@pytest.mark.parametrize(("call", "name"), CASES)
def test_a_wrong_answer_once_is_no_reason_not_to_describe_a_post(
    world: World,
    server: SandboxServer,
    post: entities.Status,
    picture: Path,
    call: Call,
    name: str,
):
    method, path = path_of(call, post)
    fault = fault_of(name, server, post, picture)
    # Reading is tried again at once, unless the server itself has answered.
    times = 1 if call == "edit" or name in OWN or name == "HTTP 401" else POST_ATTEMPTS
    server.fail(path, method=method, times=times, **fault)
    world.turns(12)
    after = server.status(post["id"])
    assert without_edit(after) == without_edit(post)
    first, second = server.descriptions(post["id"])
    assert "320 by 200" in str(first)
    assert second == "Somebody's own words"
    assert world.states() == {"described": 1, "left": 1}
    assert len(server.sandbox.store.status(post["id"]).revisions) == 2, "edited once"
    assert world.account.halted is None


def says_no(call: Call, name: str) -> AttachmentState:
    """What becomes of a post in the end, if the server says that for ever."""
    if call != "edit" and name in ("HTTP 404", "HTTP 410"):
        return "left"
    if call == "edit" and name in ("HTTP 404", "HTTP 410"):
        return "failed"  # the post is there: it can be read
    if call != "status" and name in ("HTTP 400", "HTTP 422"):
        return "failed"
    return "waiting"


@pytest.mark.table
@pytest.mark.parametrize(("call", "name"), CASES)
def test_a_wrong_answer_for_ever_leaves_a_post_whole(
    world: World,
    server: SandboxServer,
    post: entities.Status,
    picture: Path,
    call: Call,
    name: str,
):
    method, path = path_of(call, post)
    fault = fault_of(name, server, post, picture)
    server.fail(path, method=method, times=None, **fault)
    begun = world.clock.now
    world.turns(9)
    carried_out = call == "edit" and name == "half an answer"
    expected = says_no(call, name)
    after = server.status(post["id"])
    assert without_edit(after) == without_edit(post)
    if carried_out:
        assert "320 by 200" in str(server.descriptions(post["id"])[0])
        assert len(server.requests(method="PUT")) == 1
        return
    assert server.descriptions(post["id"]) == [None, "Somebody's own words"]
    assert expected in world.states()
    if expected != "waiting":
        assert world.clock.now - begun >= CONFIRM_SECONDS, "said once only"
    # And once it is over, the post is described, unless the server itself said otherwise.
    server.sandbox.faults.clear()
    if expected == "failed":
        world.account.state.retry_failed()
    if expected != "left":
        world.turns(6)
        assert "320 by 200" in str(server.descriptions(post["id"])[0])
        assert len(server.sandbox.store.status(post["id"]).revisions) == 2


def test_every_post_but_the_one_that_fails_is_described(
    world: World, server: SandboxServer, post: entities.Status, picture: Path
):
    server.fail(f"/api/v1/statuses/{post['id']}*", spoil="html", times=None)
    others = [server.post(f"Look {number}", files=[picture]) for number in range(3)]
    for other in others:
        world.record(other)
    world.turns(4)
    assert all("320 by 200" in str(server.descriptions(other["id"])[0]) for other in others)


def test_the_servers_reason_is_in_the_log_and_changes_nothing(
    world: World,
    server: SandboxServer,
    post: entities.Status,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.INFO, logger="alternator")
    said = {"error": "Record not found\nand \u202egone\x1b[2J"}
    server.fail(f"/api/v1/statuses/{post['id']}", method="PUT", status=422, body=said)
    world.turns(1)
    (line,) = [message for message in caplog.messages if "it says" in message]
    assert "(it says: Record not found and gone [2J)" in line
    world.turns(3)
    assert "described" in world.states()


@pytest.mark.parametrize("visibility", ["direct", "mutuals_only", ""])
def test_a_post_that_few_may_see_is_left_alone_before_its_media_are_fetched(
    world: World,
    server: SandboxServer,
    vision: VisionServer,
    picture: Path,
    visibility: str,
):
    status = server.post("For you", files=[picture], visibility="direct")
    world.record(status)
    body = status | {"visibility": visibility}
    server.fail(f"/api/v1/statuses/{status['id']}", status=200, body=body, times=None)
    world.turns(4)
    assert world.states() == {"left": 1}
    assert vision.requests() == []
    assert server.requests(path="/media/*") == []
    assert server.requests(method="PUT") == []


@pytest.mark.parametrize("again", [False, True], ids=["same claim", "texts made anew"])
def test_an_edit_that_could_not_be_looked_at_is_compared_by_the_next_turn(
    world: World,
    server: SandboxServer,
    post: entities.Status,
    again: bool,
):
    method, path = path_of("edit", post)
    server.fail(path, method=method, drop=True, after=True, damage="change_text")
    # The two looks before the edit go through.
    server.fail(path, method="GET", status=503, skip=2, times=POST_ATTEMPTS)
    world.turns(1)
    assert world.account.state.halted() is None
    assert world.states() == {"waiting": 2}
    if again:
        world.work._drafts.clear()
    world.turns(3)
    assert "answer was lost, changed more than descriptions: text" in (
        world.account.state.halted() or ""
    )
    # The other one has its author's description.
    assert world.states() == {"left": 1, "waiting": 1}
    assert len(server.requests(method="PUT")) == 1
