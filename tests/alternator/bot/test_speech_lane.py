"""A transcription holds up nothing else: bots against the sandbox, with a Whisper that waits."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from alternator.accounts.account import Account
from alternator.bot.draft import Draft
from alternator.bot.pulse import Pulse
from alternator.bot.speech_lane import SpeechLane
from alternator.clock import SYSTEM_CLOCK
from alternator.errors import MediaError
from alternator.progress import SILENT
from alternator.stopping import Stopping
from alternator.store.opening import opened
from alternator.store.outcomes import Claim
from sandbox.server import SandboxServer
from sandbox.settings import Settings
from sandbox.vision.server import VisionServer

MakeBot = Callable[..., Any]
SERVER = "https://one.example"


@pytest.fixture
def bot(server: SandboxServer, make_bot: MakeBot) -> Any:
    """A bot whose Whisper waits, once it has heard something."""
    bot = make_bot()
    bot.transcriber.gate.clear()
    return bot


def listening(server: SandboxServer, bot: Any, *files: Path) -> str:
    """The id of a post with speech, at which the bot is at work."""
    wait_for(server.open_streams)
    status = server.post("Listen", files=files)
    assert bot.transcriber.reached.wait(10)
    return str(status["id"])


def test_while_a_clip_is_transcribed_a_new_picture_is_described_at_once(
    server: SandboxServer, bot: Any, picture: Path, clip: Path
):
    bot.clock = SYSTEM_CLOCK
    heard = listening(server, bot.start(), clip)
    for _ in range(3):
        posted = time.time()
        status = server.post("Look", files=[picture])
        server.wait_until_described(status["id"])
        asked = server.requests(path=f"/api/v1/statuses/{status['id']}")
        assert asked[0]["at"] - posted < 1.0
    assert server.descriptions(heard) == [None]
    bot.transcriber.gate.set()
    assert "Hello from the recording." in server.wait_until_described(heard)[0]


def test_one_post_with_speech_is_at_work_at_a_time_and_the_others_stay_unclaimed(
    server: SandboxServer, bot: Any, picture: Path, clip: Path
):
    first = listening(server, bot.start(), clip)
    others = [server.post("Listen", files=[clip])["id"] for _ in range(3)]
    look = server.post("Look", files=[picture])["id"]
    server.wait_until_described(look)
    states = ["claimed", "waiting", "waiting", "waiting", "described"]
    wait_for(lambda: [state for state, _, _ in bot.rows()] == states)
    assert len(bot.transcriber.heard) == 1
    # Nobody asks for a post that can't be worked on.
    assert [server.requests(path=f"/api/v1/statuses/{key}") for key in others] == [[], [], []]
    bot.transcriber.gate.set()
    for key in (first, *others):
        server.wait_until_described(key)
    wait_for(lambda: bot.rows() == [("described", "", 1)] * 5)


def test_a_post_with_a_clip_and_a_picture_is_one_edit(make_bot: MakeBot, picture: Path, clip: Path):
    with SandboxServer(settings=Settings(takes_mixed_media=True)) as server:
        bot = make_bot(mastodon={"instance_url": server.url})
        bot.transcriber.gate.clear()
        both = listening(server, bot.start(), picture, clip)
        server.wait_until_described(server.post("Look", files=[picture])["id"])
        assert server.descriptions(both) == [None, None]
        bot.transcriber.gate.set()
        server.wait_until_described(both)
        assert len(server.requests(method="PUT", path=f"/api/v1/statuses/{both}")) == 1
        bot.end()


def test_the_clips_of_one_post_are_transcribed_at_the_same_time_for_one_edit(
    make_bot: MakeBot, picture: Path, clip: Path
):
    with SandboxServer(settings=Settings(takes_mixed_media=True)) as server:
        bot = make_bot(mastodon={"instance_url": server.url})
        bot.transcriber.gate.clear()
        bot.transcriber.texts = ["One.", MediaError("it has a cold"), "Three."]
        several = listening(server, bot.start(), clip, picture, clip, clip)
        wait_for(lambda: len(bot.transcriber.heard) == 3)
        bot.transcriber.gate.set()
        server.wait_until_described(server.post("Look", files=[picture])["id"])
        wait_for(lambda: sorted(state for state, _, _ in bot.rows()) == OF_FOUR)
        assert len(server.requests(method="PUT", path=f"/api/v1/statuses/{several}")) == 1
        told = [text for text in server.descriptions(several) if text]
        assert len(told) == 3 and sum("Transcribed by" in text for text in told) == 2
        bot.end()
    wait_for(lambda: not any("beside" in thread.name for thread in threading.enumerate()))


OF_FOUR = ["described", "described", "described", "described", "left"]  # with the one beside


def test_an_end_while_the_clips_of_one_post_are_transcribed_loses_nothing(
    make_bot: MakeBot, clip: Path
):
    with SandboxServer(settings=Settings(takes_mixed_media=True)) as server:
        bot = make_bot(mastodon={"instance_url": server.url})
        bot.transcriber.gate.clear()
        both = listening(server, bot.start(), clip, clip)
        wait_for(lambda: len(bot.transcriber.heard) == 2)
        bot.end()
        names = ("speech", "beside")
        wait_for(lambda: not any(t.name.startswith(names) for t in threading.enumerate()))
        assert bot.rows() == [("waiting", "", 0)] * 2
        assert list((bot.config.state.directory / "downloads").glob("*")) == []
        bot.transcriber.gate.set()
        bot.start()
        wait_for(lambda: all(server.descriptions(both)))
        bot.end()


def test_what_was_not_known_to_have_speech_goes_there_all_the_same(
    server: SandboxServer, bot: Any, picture: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
):
    """As remembered by an earlier release."""
    monkeypatch.setattr("alternator.mastodon.entities.Attachment.has_speech", False)
    server.fail("/api/v1/statuses/*", method="GET", status=503, times=None)
    bot.start()
    wait_for(server.open_streams)
    heard = server.post("Listen", files=[clip])["id"]
    wait_for(lambda: server.requests(path=f"/api/v1/statuses/{heard}"))
    monkeypatch.undo()
    server.sandbox.faults.clear()
    assert bot.transcriber.reached.wait(20)
    server.wait_until_described(server.post("Look", files=[picture])["id"])
    bot.transcriber.gate.set()
    server.wait_until_described(heard)
    wait_for(lambda: bot.rows() == [("described", "", 1)] * 2)


def test_an_end_in_the_middle_of_a_transcription_loses_nothing(
    server: SandboxServer, bot: Any, clip: Path
):
    heard = listening(server, bot.start(), clip)
    bot.end()
    wait_for(lambda: "speech" not in {thread.name for thread in threading.enumerate()})
    assert bot.rows() == [("waiting", "", 0)]
    assert list((bot.config.state.directory / "downloads").glob("*")) == []
    bot.transcriber.gate.set()
    bot.start()
    server.wait_until_described(heard)
    wait_for(lambda: bot.rows() == [("described", "", 1)])


def test_a_halt_in_the_middle_of_a_transcription_edits_nothing(
    server: SandboxServer,
    bot: Any,
    picture: Path,
    clip: Path,
    caplog: pytest.LogCaptureFixture,
):
    heard = listening(server, bot.start(), clip)
    server.fail("/api/v1/statuses/*", method="PUT", damage="lose_text")
    look = server.post("Look", files=[picture])["id"]
    wait_for(lambda: "--resume-editing" in caplog.text)
    bot.transcriber.gate.set()
    wait_for(lambda: "speech" not in {thread.name for thread in threading.enumerate()})
    later = server.post("Look", files=[picture])["id"]
    wait_for(lambda: len(bot.rows()) == 3)
    bot.end()
    edited = [request["path"].rpartition("/")[2] for request in server.requests(method="PUT")]
    assert edited == [look]
    assert [state for state, _, _ in bot.rows()] == ["waiting", "left", "waiting"]
    with opened(bot.config.state.directory, clock=time.time) as store:
        account = Account(bot.config.mastodon, store)
        account.sign_in(account.session(SILENT))
        account.state.resume()
    bot.start()
    for key in (heard, later):
        server.wait_until_described(key)


def test_a_defect_while_a_clip_is_prepared_costs_its_post_alone(
    server: SandboxServer,
    bot: Any,
    picture: Path,
    clip: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def defect(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect")

    bot.clock = SYSTEM_CLOCK
    bot.start()
    wait_for(server.open_streams)
    monkeypatch.setattr("alternator.bot.describe.Describer._reason_against", defect)
    server.post("Listen", files=[clip])
    wait_for(lambda: "unexpected ZeroDivisionError: a defect" in caplog.text)
    monkeypatch.undo()
    server.wait_until_described(server.post("Look", files=[picture])["id"])
    wait_for(lambda: [state for state, _, _ in bot.rows()] == ["waiting", "described"])


def test_a_single_pass_waits_for_what_is_transcribed_and_works_on_meanwhile(
    server: SandboxServer, bot: Any, picture: Path, clip: Path
):
    look = server.post("Look", files=[picture])["id"]
    heard = [server.post("Listen", files=[clip])["id"] for _ in range(2)]
    # The clips are newer: with one thread, the picture would wait for them.
    opens = threading.Thread(
        target=lambda: (server.wait_until_described(look), bot.transcriber.gate.set())
    )
    opens.start()
    bot.once()
    opens.join()
    assert all(server.descriptions(key) != [None] for key in (look, *heard))
    assert bot.rows() == [("described", "", 1)] * 3


def test_pictures_that_wait_for_the_endpoint_wait_in_both_threads(
    vision: VisionServer, make_bot: MakeBot, picture: Path, clip: Path
):
    with SandboxServer(settings=Settings(takes_mixed_media=True)) as server:
        vision.fail(status=500, times=None)
        bot = make_bot(mastodon={"instance_url": server.url})
        bot.clock = SYSTEM_CLOCK
        bot.start()
        wait_for(server.open_streams)
        server.post("Look", files=[picture])
        wait_for(lambda: "HTTP 500" in str(bot.rows()))
        asked = len(vision.requests())
        both = server.post("Both", files=[picture, clip])["id"]
        wait_for(lambda: server.descriptions(both)[1])
        assert server.descriptions(both)[0] is None
        # It is not asked again until the time of its next try has come.
        assert len(vision.requests()) == asked
        bot.end()


class Preparer:
    """Makes a draft once it may; or fails."""

    def __init__(self) -> None:
        self.result: Future[Draft] = Future()

    def prepare(self, claim: Claim, *, patient: bool = True) -> Draft:
        return self.result.result(20)


CLAIM = Claim(status_id="5", attachment_ids=("51",), backfill=False, taken_at=1.0, speech=True)
DRAFT = Draft(status_id="5", texts={"51": "Hello"}, outcomes=())


def test_a_lane_has_room_for_one_and_gives_back_what_came_of_it():
    preparer, pulse, woken = Preparer(), Pulse(time.monotonic), threading.Event()
    lane = SpeechLane(preparer, pulse, SYSTEM_CLOCK, woken.set, SERVER)
    assert (lane.busy, lane.ended, lane.leave()) == (False, None, None)
    lane.begin(CLAIM, patient=True)
    assert (lane.busy, lane.ended) == (True, None)
    wait_for(lambda: pulse.silence > 0)
    preparer.result.set_result(DRAFT)
    assert woken.wait(10)
    assert lane.ended is CLAIM
    assert pulse.silence == 0
    assert lane.take().draft.result() is DRAFT
    assert not lane.busy


def test_what_ends_a_thread_is_raised_where_its_texts_are_taken():
    preparer, woken = Preparer(), threading.Event()
    lane = SpeechLane(preparer, Pulse(time.monotonic), SYSTEM_CLOCK, woken.set, SERVER)
    preparer.result.set_exception(Stopping())
    lane.begin(CLAIM, patient=True)
    assert woken.wait(10)
    with pytest.raises(Stopping):
        lane.take().draft.result()


def test_one_that_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("alternator.bot.speech_lane.LEAVE_SECONDS", 0.05)
    preparer = Preparer()
    lane = SpeechLane(preparer, Pulse(time.monotonic), SYSTEM_CLOCK, lambda: None, SERVER)
    lane.begin(CLAIM, patient=True)
    assert lane.leave() is CLAIM
    assert not preparer.result.done()
    preparer.result.set_result(DRAFT)
