import logging

import pytest
from clock import Clock
from pauses import Pauses
from statuses import attachment

from alternator.bot.other_bot import (
    GIVE_WAY_FOR_SECONDS,
    GIVE_WAY_SECONDS,
    REMEMBERED,
    OtherBot,
)

THEIRS = attachment(1, description="A house.\n\nDescribed by another-model")


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def other(pauses: Pauses, clock: Clock) -> OtherBot:
    return OtherBot(pauses, clock)


def test_alone_nobody_waits(other: OtherBot, pauses: Pauses, caplog: pytest.LogCaptureFixture):
    other.met(attachment(1, description="The author's own words"))
    other.met(attachment(1))
    other.wrote("1", "A house.\n\nDescribed by another-model")
    other.met(THEIRS)
    other.seen(THEIRS)
    other.give_way()
    assert pauses.made == []
    assert caplog.messages == []


def test_another_bot_goes_first_for_a_day(
    other: OtherBot, pauses: Pauses, clock: Clock, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING)
    other.met(THEIRS)
    other.met(THEIRS)
    assert len(caplog.messages) == 1
    assert "another bot of this kind" in caplog.messages[0]
    for _ in range(20):
        other.give_way()
    assert all(GIVE_WAY_SECONDS[0] <= wait <= GIVE_WAY_SECONDS[1] for wait in pauses.made)
    assert len(set(pauses.made)) > 1
    clock.now += GIVE_WAY_FOR_SECONDS
    other.give_way()
    assert len(pauses.made) == 20
    # It is still there: so it goes first again, and is not told of again.
    other.met(THEIRS)
    other.give_way()
    assert len(pauses.made) == 21
    assert len(caplog.messages) == 1


def test_a_post_that_was_described_twice_gives_the_other_away(other: OtherBot, pauses: Pauses):
    other.seen(THEIRS)  # described by somebody, before this bot ever came
    other.give_way()
    assert pauses.made == []
    other.wrote("1", "A house.\n\nDescribed by pixels")
    other.seen(attachment(1))
    other.give_way()
    assert pauses.made == []
    other.seen(THEIRS)
    other.give_way()
    assert len(pauses.made) == 1


def test_not_every_description_is_remembered_for_ever(other: OtherBot, pauses: Pauses):
    other.wrote("1", "A house")
    for number in range(REMEMBERED):
        other.wrote(f"x{number}", "A house")
    other.seen(THEIRS)
    other.give_way()
    assert pauses.made == []
