import pytest
from fast_clock import FastClock

from alternator.accounts.account import Account
from alternator.bot.halt import SAY_AGAIN_SECONDS, HaltNotice


class SetClock(FastClock):
    """Stands still until it is set."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def test_it_is_said_at_once_every_hour_and_no_more(
    account: Account, caplog: pytest.LogCaptureFixture
):
    clock = SetClock()
    notice = HaltNotice(account.state, clock)
    assert not notice.stands()
    account.state.halt("post 7 lost its text")
    for seconds, times in [(0, 1), (1, 1), (SAY_AGAIN_SECONDS, 2), (SAY_AGAIN_SECONDS + 1, 2)]:
        clock.seconds = seconds
        assert notice.stands()
        assert len(caplog.messages) == times
    assert "post 7 lost its text" in caplog.messages[0]
    assert "--resume-editing" in caplog.messages[0]


def test_it_ends_when_a_person_says_so(account: Account, caplog: pytest.LogCaptureFixture):
    notice = HaltNotice(account.state, SetClock())
    account.state.halt("post 7 lost its text")
    assert notice.stands()
    account.state.resume()
    assert not notice.stands()
    account.state.halt("again")
    assert notice.stands()
    assert len(caplog.messages) == 2
