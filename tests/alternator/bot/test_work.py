"""The work on one post, with what publishes it replaced: what is written down, and when."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from types import FrameType
from typing import Any

import pytest
from clock import Clock
from fast_clock import FastClock

from alternator.accounts.account import Account
from alternator.bot import work as work_module
from alternator.bot.chores import Chores
from alternator.bot.describe import Describer
from alternator.bot.draft import Draft
from alternator.bot.errand_work import ErrandWork
from alternator.bot.find_posts import PostFinder
from alternator.bot.health import Health
from alternator.bot.other_bot import OtherBot
from alternator.bot.pace import Pace
from alternator.bot.parts import Parts
from alternator.bot.progress import BotProgress
from alternator.bot.speech_lane import SpeechLane
from alternator.bot.undo import Undo
from alternator.bot.watch import Watcher
from alternator.bot.work import Tally, Work
from alternator.config.conduct import PaceSettings
from alternator.errors import (
    DamageError,
    ServerError,
    StateError,
    TemporaryMediaError,
    TemporaryServerError,
    UnexpectedAnswerError,
)
from alternator.progress import SILENT
from alternator.roles.inline_lane import InlineLane
from alternator.stopping import Stop, Stopping
from alternator.store.interface import Store
from alternator.store.outcomes import (
    CONFIRM_SECONDS,
    PUT_BACK_SECONDS,
    RETRY_SECONDS,
    Claim,
    Found,
    Outcome,
    left_alone,
    to_retry,
)

DESCRIBED = Outcome(attachment_id="51", state="described")


class Publisher(Describer):
    """A describer that meets what it is told to: outcomes, or an error."""

    def __init__(self) -> None:
        self.to_come: list[list[Outcome] | BaseException] = []
        self.prepared = 0

    def prepare(self, claim: Claim, *, patient: bool = True, speech: bool = True) -> Draft:
        self.prepared += 1
        texts = dict.fromkeys(claim.attachment_ids, "A house")
        return Draft(status_id=claim.status_id, texts=texts, outcomes=())

    def publish(self, draft: Draft) -> list[Outcome]:
        result = self.to_come.pop(0)
        if isinstance(result, BaseException):
            raise result
        return result


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def health(account: Account) -> Health:
    return Health(server=account.health, queue=account, worker=None)


@pytest.fixture
def stop() -> Stop:
    return Stop(FastClock())


@pytest.fixture
def work(account: Account, publisher: Publisher, health: Health, stop: Stop) -> Work:
    return work_of(account, publisher, health, stop)


def work_of(account: Account, publisher: Publisher, health: Health, stop: Stop) -> Work:
    lane = SpeechLane(
        publisher, health.speech, stop.clock, lambda: None, account.settings.instance_url
    )
    return Work(account, publisher, lane, health, stop)


@pytest.fixture
def claim(account: Account) -> Claim:
    """A claim on a post with one attachment."""
    account.state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
    return claimed(account)


def claimed(account: Account) -> Claim:
    claim = account.state.claim()
    assert claim is not None
    return claim


def test_what_another_worker_edited_meanwhile_counts_before_the_edit(
    account: Account, publisher: Publisher, health: Health, stop: Stop, claim: Claim, clock: Clock
):
    """Two that are at work for an account at once both had room when they began."""
    pace = Pace(PaceSettings(edits_per_hour=1), account.state.ledger)
    lane = SpeechLane(
        publisher, health.speech, stop.clock, lambda: None, account.settings.instance_url
    )
    work = Work(account, publisher, lane, health, stop, pace=pace)
    prepare = publisher.prepare

    def prepared(claim: Claim, *, patient: bool = True, speech: bool = True) -> Draft:
        Pace(PaceSettings(edits_per_hour=1), account.state.ledger).edited()
        return prepare(claim, patient=patient, speech=speech)

    publisher.prepare = prepared  # type: ignore[method-assign]
    assert pace.seconds_until_edit() == 0
    work.describe(claim)  # publishes nothing: there are no outcomes to come
    assert account.queue() == {"waiting": 1}
    assert account.state.claim() is None
    clock.now += 3601
    assert account.state.claim() is not None


def test_what_waits_for_what_hears_is_due_once_something_was_heard(
    account: Account, publisher: Publisher, health: Health, stop: Stop
):
    account.state.record(
        [
            Found(status_id="5", attachment_ids=("51",), backfill=False, speech=("51",)),
            Found(status_id="4", attachment_ids=("41",), backfill=False, speech=("41",)),
        ]
    )
    work = Work(account, publisher, InlineLane(publisher, stop.clock), health, stop)
    publisher.to_come = [
        [to_retry("51", "the speech server is away", counts=False)],
        [Outcome(attachment_id="41", state="described")],
    ]
    for status_id in ("5", "4"):
        claim = claimed(account)
        assert claim.status_id == status_id
        while not work.describe(claim):
            pass
    assert claimed(account).status_id == "5"


def test_what_became_of_a_post_is_written_down_and_told(
    account: Account,
    publisher: Publisher,
    health: Health,
    claim: Claim,
    caplog: pytest.LogCaptureFixture,
):
    work = work_of(account, publisher, health, Stop(FastClock(speed=0.0)))
    caplog.set_level(logging.INFO, logger="alternator")
    publisher.to_come = [[DESCRIBED]]
    work.describe(claim)
    assert account.queue() == {"described": 1}
    assert work.tally == Tally(described=1)
    assert health.report()[1]["last_success"] is not None
    assert caplog.messages == ["described post 5, attachment 51, in 0.0 s"]


@pytest.mark.parametrize(
    ("outcome", "tally", "message"),
    [
        (left_alone("51", "too large"), Tally(left=1), "left alone {}: too large"),
        (to_retry("51", "busy"), Tally(failed=1), "failed {}, again in 60 s: busy"),
    ],
)
def test_what_is_not_described_is_told_with_its_reason(
    work: Work,
    publisher: Publisher,
    claim: Claim,
    caplog: pytest.LogCaptureFixture,
    outcome: Outcome,
    tally: Tally,
    message: str,
):
    caplog.set_level(logging.INFO, logger="alternator")
    publisher.to_come = [[outcome]]
    work.describe(claim)
    assert work.tally == tally
    assert caplog.messages == [message.format("post 5, attachment 51")]


def test_what_is_tried_again_is_counted_by_what_came_of_it(
    account: Account, work: Work, publisher: Publisher, claim: Claim, clock: Clock
):
    busy = to_retry("51", "busy", retry_after=1.0)
    publisher.to_come = [[busy], [busy], [DESCRIBED]]
    work.describe(claim)
    for tally in (Tally(failed=1), Tally(described=1)):
        clock.now += 1
        work.describe(claimed(account))
        assert work.tally == tally


def test_what_one_answer_says_is_no_final_reason_and_the_final_one_is_said_once(
    account: Account,
    work: Work,
    publisher: Publisher,
    claim: Claim,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.INFO, logger="alternator")
    gone = left_alone("51", "the post was deleted", sure=False)
    publisher.to_come = [[to_retry("51", "busy", retry_after=1.0)], [gone], [gone]]
    work.describe(claim)
    clock.now += 1
    work.describe(claimed(account))
    assert work.tally == Tally()
    clock.now += CONFIRM_SECONDS
    work.describe(claimed(account))
    assert work.tally == Tally(left=1)
    assert caplog.messages == [
        "failed post 5, attachment 51, again in 1 s: busy",
        "asked again in 600 s whether this is so of post 5, attachment 51: the post was deleted",
        "left alone post 5, attachment 51: the post was deleted",
    ]


def test_what_fails_at_the_last_attempt_is_given_up(
    account: Account,
    work: Work,
    publisher: Publisher,
    claim: Claim,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
):
    publisher.to_come = [[to_retry("51", "busy")] for _ in range(len(RETRY_SECONDS) + 1)]
    work.describe(claim)
    for wait in RETRY_SECONDS:
        clock.now += wait
        work.describe(claimed(account))
    assert account.queue() == {"failed": 1}
    assert caplog.messages[-1] == "given up post 5, attachment 51: busy"


def test_a_draft_outlives_an_outage(
    account: Account, work: Work, publisher: Publisher, claim: Claim, clock: Clock
):
    publisher.to_come = [TemporaryServerError("down"), TemporaryServerError("down"), [DESCRIBED]]
    with pytest.raises(TemporaryServerError):
        work.describe(claim)
    assert account.state.next_due() == clock.now + PUT_BACK_SECONDS[0]
    clock.now += PUT_BACK_SECONDS[0]
    with pytest.raises(TemporaryServerError):
        work.describe(claimed(account))
    assert account.state.next_due() == clock.now + PUT_BACK_SECONDS[1]
    clock.now += PUT_BACK_SECONDS[1]
    work.describe(claimed(account))
    assert account.queue() == {"described": 1}
    assert publisher.prepared == 1


def test_files_that_are_still_processed_give_the_claim_back(
    account: Account, work: Work, publisher: Publisher, claim: Claim, clock: Clock
):
    publisher.to_come = [TemporaryMediaError("still processing", retry_after=5.0)]
    work.describe(claim)
    assert account.queue() == {"waiting": 1}
    assert account.state.next_due() == clock.now + 5


def test_an_end_that_is_asked_for_meanwhile_gives_the_claim_back(
    account: Account, work: Work, publisher: Publisher, claim: Claim
):
    publisher.to_come = [Stopping()]
    with pytest.raises(Stopping):
        work.describe(claim)
    assert account.queue() == {"waiting": 1}


def test_an_end_that_is_asked_for_in_an_edit_comes_after_what_is_written_down(
    account: Account, work: Work, publisher: Publisher, claim: Claim, stop: Stop
):
    publisher.to_come = [[DESCRIBED]]
    stop.request()
    with pytest.raises(Stopping):
        work.describe(claim)
    assert account.queue() == {"described": 1}


def test_a_memory_that_fails_ends_the_work(work: Work, publisher: Publisher, claim: Claim):
    publisher.to_come = [StateError("disk full")]
    with pytest.raises(StateError):
        work.describe(claim)


def test_a_defect_costs_no_more_than_the_post_and_is_logged_once_with_its_trace(
    account: Account,
    work: Work,
    publisher: Publisher,
    claim: Claim,
    caplog: pytest.LogCaptureFixture,
):
    publisher.to_come = [ZeroDivisionError("a defect")]
    work.describe(claim)
    assert account.queue() == {"waiting": 1}
    traced = [record for record in caplog.records if record.exc_info]
    assert [(record.levelname, record.getMessage()) for record in traced] == [
        ("ERROR", "describing post 5 failed")
    ]
    assert caplog.messages[-1] == (
        "failed post 5, attachment 51, again in 60 s: unexpected ZeroDivisionError: a defect"
    )


def test_a_damage_halts_the_account_before_any_other_post(
    account: Account,
    work: Work,
    publisher: Publisher,
    claim: Claim,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
):
    account.state.record([Found(status_id="6", attachment_ids=("61",), backfill=False)])
    other = claimed(account)
    message = "the edit of post 5 changed more than descriptions: text, visibility"
    publisher.to_come = [DamageError(message, fields=("text", "visibility"))]
    work.describe(claim)
    assert account.state.halted() == message
    assert account.queue() == {"left": 1, "claimed": 1}
    said = caplog.messages[0]
    assert said.startswith(f"{message}. Nothing of {account.name} is edited any more.")
    assert "Restore the post from its history" in said
    assert "--resume-editing" in said
    # One that was claimed before is not edited either.
    work.describe(other)
    assert account.queue() == {"left": 1, "waiting": 1}
    assert publisher.prepared == 1
    # Until a person says otherwise.
    account.state.resume()
    clock.now += 3600
    publisher.to_come = [[replace(DESCRIBED, attachment_id="61")]]
    work.describe(claimed(account))
    assert account.queue() == {"left": 1, "described": 1}


def test_a_halt_holds_although_it_can_not_be_written_down(
    account: Account, health: Health, stop: Stop, claim: Claim, store: Store
):
    class Failing(Publisher):
        def publish(self, draft: Draft) -> list[Outcome]:
            store.close()
            raise DamageError("the edit of post 5 did damage", fields=("text",))

    with pytest.raises(StateError):
        work_of(account, Failing(), health, stop).describe(claim)
    assert account.state.halted() == "the edit of post 5 did damage"


def test_an_edit_that_always_fails_is_given_up_while_others_succeed(
    account: Account,
    work: Work,
    publisher: Publisher,
    claim: Claim,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
):
    state = account.state
    for number in range(100, 150):
        publisher.to_come = [UnexpectedAnswerError("a page")]
        with suppress(ServerError):
            work.describe(claim)
        if "failed" in account.queue():
            break
        other, attachment_id = str(number), f"{number}1"
        state.record([Found(status_id=other, attachment_ids=(attachment_id,), backfill=False)])
        publisher.to_come = [[replace(DESCRIBED, attachment_id=attachment_id)]]
        work.describe(claimed(account))
        due = state.next_due()
        assert due is not None
        clock.now = max(clock.now, due)
        claim = claimed(account)
    assert account.queue()["failed"] == 1
    assert work.tally.failed == 1
    assert "given up post 5: a page" in caplog.messages


def test_a_server_that_fails_for_all_costs_no_post_an_attempt(
    account: Account, work: Work, publisher: Publisher, claim: Claim, clock: Clock
):
    for _ in range(60):
        publisher.to_come = [TemporaryServerError("down")]
        with pytest.raises(TemporaryServerError):
            work.describe(claim)
        due = account.state.next_due()
        assert due is not None
        assert due - clock.now <= 3600
        clock.now = due
        claim = claimed(account)
    assert account.queue() == {"claimed": 1}


def test_texts_that_could_not_be_written_are_not_kept_without_end(
    account: Account,
    work: Work,
    publisher: Publisher,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
):
    monkeypatch.setattr(work_module, "MOST_DRAFTS", 2)
    for number in range(5, 9):
        found = Found(status_id=str(number), attachment_ids=(f"{number}1",), backfill=False)
        account.state.record([found])
    claims = [claimed(account) for _ in range(4)]
    for claim in claims:
        publisher.to_come = [TemporaryServerError("down")]
        with pytest.raises(TemporaryServerError):
            work.describe(claim)
    clock.now += PUT_BACK_SECONDS[0]
    again = [claimed(account) for _ in range(4)]
    for claim in again[2:] + again[:2]:
        publisher.to_come = [[replace(DESCRIBED, attachment_id=claim.attachment_ids[0])]]
        work.describe(claim)
    assert publisher.prepared == 4 + 2


@contextmanager
def called_at_line(number: int, file: str, call: Callable[[], None]) -> Iterator[list[int]]:
    """Call something just before the so-manieth line that is run in a file; yields those run."""
    lines: list[int] = []

    def tracer(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != file:
            return None
        if event == "line":
            lines.append(frame.f_lineno)
            if len(lines) == number:
                call()
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        yield lines
    finally:
        sys.settrace(before)


def test_whenever_the_server_recovers_a_post_that_it_failed_for_waits_the_least(
    account: Account, work: Work, publisher: Publisher, stop: Stop, clock: Clock
):
    # The store holds this whichever thread tells of it, and at each line of the main one's work.
    # Once, between two of them, that made the post wait for 300 s instead of 5.
    session = account.session(SILENT)
    finder = PostFinder(account, session, publisher)
    undo = Undo(
        client=session,
        instance=account.instance,
        owner=account.id,
        state=account.state,
        stop=stop,
    )
    watcher = Watcher(
        Parts(
            account=account,
            finder=finder,
            work=work,
            pace=Pace(PaceSettings(), account.state.ledger),
            chores=Chores((), stop.clock),
            errands=ErrandWork(undo, OtherBot(SILENT, stop.clock.monotonic)),
            wake=threading.Event(),
            progress=BotProgress(stop),
            stop=stop,
        )
    )
    account.state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
    for number in count(1):
        publisher.to_come = [TemporaryServerError("down")]
        claim = claimed(account)
        with (
            pytest.raises(ServerError),
            called_at_line(number, str(work_module.__file__), watcher.recovered) as lines,
        ):
            work.describe(claim)
        due = account.state.next_due()
        assert due is not None
        assert due - clock.now <= PUT_BACK_SECONDS[0], f"recovered at the {number}th of {lines}"
        clock.now = due
        if number > len(lines):
            break
    assert number > 10
