import logging

import pytest

from alternator.bot.failures import Failures
from alternator.errors import ServerError, TemporaryServerError

TROUBLE = TemporaryServerError("https://social.example has trouble (HTTP 500)")


def test_one_post_that_fails_holds_up_no_other(caplog: pytest.LogCaptureFixture):
    failures = Failures()
    for _ in range(5):
        assert failures.pause_after("1", TROUBLE) == 0
    assert caplog.messages == [f"post 1 waits, others go on: {TROUBLE}"] * 5
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_two_in_a_row_are_an_outage_that_is_waited_for_longer_and_longer():
    failures = Failures()
    assert failures.pause_after("1", TROUBLE) == 0
    waits = [failures.pause_after(str(number), TROUBLE) for number in range(2, 20)]
    assert 0.5 <= waits[0] <= 2 and all(wait > 0 for wait in waits)
    assert 30 <= waits[-1] <= 60


def test_a_refused_token_is_not_tried_with_post_after_post():
    failures = Failures()
    failures.pause_after("1", ServerError("no"))
    assert failures.pause_after("2", ServerError("no")) == 60


def test_a_success_ends_it():
    failures = Failures()
    failures.pause_after("1", TROUBLE)
    failures.clear()
    assert failures.pause_after("2", TROUBLE) == 0
    assert failures.times == 1
