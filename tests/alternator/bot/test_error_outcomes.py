"""What errors mean for attachments."""

import logging

import pytest

from alternator.bot.error_outcomes import deleted, outcome_of
from alternator.errors import (
    ConfigError,
    DamagedMediaError,
    DecoderError,
    EndpointError,
    MediaError,
    ModelError,
    OutOfMemoryError,
    SpeechServerAwayError,
    SpeechServerError,
    TemporaryMediaError,
    UnsupportedError,
    VisionError,
    WorkerError,
)
from alternator.store.outcomes import Outcome, left_alone, to_retry


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (MediaError("too large"), left_alone("51", "too large")),
        (DamagedMediaError("half"), left_alone("51", "half", sure=False)),
        (TemporaryMediaError("busy", retry_after=5.0), to_retry("51", "busy", retry_after=5.0)),
        (
            EndpointError("down", retry_after=9.0),
            to_retry("51", "down", retry_after=9.0, counts=False),
        ),
        (
            SpeechServerAwayError("full", retry_after=3.0),
            to_retry("51", "full", retry_after=3.0, counts=False),
        ),
        (ModelError("no GPU"), to_retry("51", "no GPU", counts=False)),
        (ConfigError("no cuda"), to_retry("51", "no cuda", counts=False)),
        (DecoderError("no ffmpeg"), to_retry("51", "no ffmpeg", counts=False)),
        (OutOfMemoryError("too long"), to_retry("51", "too long")),
        (UnsupportedError("no times"), to_retry("51", "no times")),
        (WorkerError("it died"), to_retry("51", "it died")),
        (SpeechServerError("too short"), to_retry("51", "too short")),
        (VisionError("no words"), to_retry("51", "no words")),
        (KeyError("x"), to_retry("51", "unexpected KeyError: 'x'")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_means_one_thing(error: Exception, outcome: Outcome):
    assert outcome_of("51", error) == outcome


def test_only_a_defect_of_ours_leaves_its_trace(caplog: pytest.LogCaptureFixture):
    outcome_of("51", VisionError("no words"))
    assert caplog.records == []
    outcome_of("51", KeyError("x"))
    assert [(record.levelno, bool(record.exc_info)) for record in caplog.records] == [
        (logging.ERROR, True)
    ]


def test_one_answer_does_not_make_a_post_deleted_for_good():
    assert [outcome.sure for outcome in deleted(["51", "52"])] == [False, False]
