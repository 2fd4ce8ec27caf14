"""What is said of trouble, how often, and to whom."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from clock import Clock
from waiting import wait_for

from alternator.accounts.account import Account
from alternator.bot.messenger import Messenger
from alternator.bot.outbox import Outbox
from alternator.bot.telling import (
    BudgetWatch,
    CreditWatch,
    GpuWatch,
    LostGpu,
    Teller,
    TokenWatch,
)
from alternator.config.settings import BalanceSettings
from alternator.errors import EndpointError, ServerError
from alternator.progress import SILENT
from alternator.speech.worker.slot import WorkerReport
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]
DAY = 24 * 3600.0
GPU = WorkerReport(device="cuda:0", state="ready", pid=1, requests=0, why="")
CPU = replace(GPU, device="cpu", why="the model does not fit into the GPU's memory")


def told(server: SandboxServer) -> list[str]:
    """What the direct messages say, oldest first."""
    found = [status for status in server.statuses() if status["visibility"] == "direct"]
    return [status["content"] for status in found][::-1]


@pytest.fixture
def messenger(account: Account) -> Messenger:
    session = account.session(SILENT)
    outbox = Outbox(session, account.id, account.state.outgoing, limit=500)
    return Messenger(session, account.id, outbox, to="@demo", is_other=False)


@pytest.fixture
def teller(account: Account, messenger: Messenger) -> Teller:
    return Teller(account.state.ledger, messenger, ("budget", "credit", "gpu", "token"), None)


def test_a_trouble_is_told_once_a_day(server: SandboxServer, teller: Teller, clock: Clock):
    for _ in range(3):
        teller.tell("gpu", "The GPU is gone")
    teller.tell("credit", "No money")
    assert ["gone" in text for text in told(server)] == [True, False]
    clock.now += DAY
    teller.tell("gpu", "The GPU is gone")
    assert len(told(server)) == 3


def test_what_could_not_be_sent_is_sent_later(server: SandboxServer, teller: Teller):
    server.fail("/api/v1/statuses", method="POST", status=503, times=1)
    with pytest.raises(ServerError):
        teller.tell("gpu", "The GPU is gone")
    teller.tell("gpu", "The GPU is gone")
    assert len(told(server)) == 1


def test_what_was_begun_when_the_process_ended_is_sent_by_the_next(
    server: SandboxServer, account: Account, teller: Teller
):
    """Between the moment that counts as said and the message it may be killed."""
    assert account.state.ledger.tell("gpu", apart=DAY)
    for _ in range(2):
        teller.tell("gpu", "The GPU is gone")
    assert len(told(server)) == 1


def test_what_nobody_asked_for_is_in_the_log_alone(
    server: SandboxServer,
    account: Account,
    messenger: Messenger,
    caplog: pytest.LogCaptureFixture,
):
    Teller(account.state.ledger, messenger, (), None).tell("gpu", "The GPU is gone")
    assert caplog.messages == ["The GPU is gone"]
    assert told(server) == []


def test_a_refused_token_is_told_by_a_second_account_alone(
    server: SandboxServer, account: Account, messenger: Messenger, teller: Teller
):
    watch = TokenWatch(lambda: True, account.name, teller)
    watch.step()
    assert told(server) == []
    messenger.is_other = True
    watch.step()
    assert "the server refuses the token of demo@" in told(server)[0]


def test_a_gpu_that_was_there_is_missed(server: SandboxServer, teller: Teller):
    workers: list[WorkerReport] = [CPU]
    watch = GpuWatch(LostGpu(lambda: workers), teller)
    watch.step()
    assert told(server) == []  # there never was one
    workers[:] = [GPU]
    watch.step()
    workers[:] = [replace(CPU, state="starting")]
    watch.step()
    assert told(server) == []
    workers[:] = [CPU]
    watch.step()
    watch.step()
    (text,) = told(server)
    assert "no longer on the GPU: the model does not fit" in text


def test_a_budget_that_is_used_up_is_told(server: SandboxServer, teller: Teller):
    reasons = ["", ""]
    watch = BudgetWatch([lambda: reasons[0], lambda: reasons[1]], teller)
    watch.step()
    assert told(server) == []
    reasons[1] = "the hour is full"
    watch.step()
    watch.step()
    (text,) = told(server)
    assert "the hour is full" in text


@pytest.mark.parametrize("wanted", [True, False])
def test_a_bot_tells_which_budget_is_used_up(
    server: SandboxServer,
    make_bot: MakeBot,
    picture: Path,
    wanted: bool,
    caplog: pytest.LogCaptureFixture,
):
    bot = make_bot(vision={"daily_tokens": 100}, messages={"budget": wanted})
    server.post("Look", files=[picture])
    server.post("Look again", files=[picture])
    bot.start()
    if wanted:
        text = wait_for(lambda: told(server))[0]
        assert "the 100 tokens of [vision] daily_tokens are used up for today" in text
    else:
        wait_for(lambda: "daily_tokens are used up" in caplog.text)
        assert told(server) == []


def test_a_bot_tells_that_its_hour_is_full(server: SandboxServer, make_bot: MakeBot, picture: Path):
    bot = make_bot(
        mastodon={"backfill_count": 0}, pace={"edits_per_hour": 1}, messages={"budget": True}
    )
    bot.start()
    wait_for(server.open_streams)
    first = server.post("Look", files=[picture])
    server.wait_until_described(first["id"])
    bot.clock.skip(120.0)
    assert told(server) == []  # nothing waits
    server.post("Look again", files=[picture])
    text = wait_for(lambda: told(server))[0]
    assert "the budget of this hour is used up ([pace] edits_per_hour = 1" in text


class Credit:
    """A watch over what an endpoint says is left."""

    def __init__(self, account: Account, teller: Teller, clock: Clock, check_time: str) -> None:
        self.left: float | EndpointError | None = 3.25
        self.asked = 0
        settings = BalanceSettings(enabled=True, threshold=5.0, check_time=check_time)
        self.watch = CreditWatch(
            settings, account.state.ledger, teller, left=self._money, now=clock
        )

    def _money(self) -> float | None:
        self.asked += 1
        if isinstance(self.left, EndpointError):
            raise self.left
        return self.left


@pytest.fixture
def noon(clock: Clock) -> Clock:
    """A clock that stands at noon, local time."""
    now = datetime.fromtimestamp(clock()).astimezone()
    clock.now = now.replace(hour=12, minute=0, second=0, microsecond=0).timestamp()
    return clock


def test_low_credit_is_looked_at_once_a_day_at_its_time(
    server: SandboxServer, account: Account, teller: Teller, noon: Clock
):
    credit = Credit(account, teller, noon, "12:30")
    credit.watch.step()
    assert credit.asked == 0
    for minutes in (30, 1, 600):
        noon.now += minutes * 60.0
        credit.watch.step()
    assert credit.asked == 1
    (text,) = told(server)
    assert "3.25 USD are left at the vision endpoint, less than the 5 of" in text
    noon.now += DAY
    credit.left = 5.0
    credit.watch.step()
    assert credit.asked == 2
    assert len(told(server)) == 1


def test_an_endpoint_that_can_not_be_asked_is_asked_again(
    server: SandboxServer, account: Account, teller: Teller, noon: Clock
):
    credit = Credit(account, teller, noon, "11:00")
    credit.left = EndpointError("it is away")
    credit.watch.step()
    credit.left = 1.0
    credit.watch.step()
    assert credit.asked == 2
    assert len(told(server)) == 1


def test_an_endpoint_that_does_not_report_it_is_no_trouble(
    server: SandboxServer,
    account: Account,
    teller: Teller,
    noon: Clock,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.INFO, logger="alternator")
    credit = Credit(account, teller, noon, "11:00")
    credit.left = None
    credit.watch.step()
    assert "the endpoint does not report what money is left" in caplog.messages
    assert told(server) == []


def test_a_start_with_too_few_scopes_says_which(server: SandboxServer, make_bot: MakeBot):
    bot = make_bot(mastodon={"access_token": "sandbox-read-only"})
    with pytest.raises(ServerError, match="access_token lacks the scope write:statuses"):
        bot.once()
    make_bot(mastodon={"access_token": "sandbox-narrow"}).once()
    other = make_bot(messages={"access_token": "nobodys"})
    with pytest.raises(ServerError, match=r"\[messages\] access_token"):
        other.once()


def test_a_trouble_reaches_whom_the_configuration_names(
    server: SandboxServer, account: Account, messenger: Messenger
):
    Teller(account.state.ledger, messenger, ("gpu",), "@neighbour").tell("gpu", "Gone")
    (status,) = [one for one in server.statuses() if one["visibility"] == "direct"]
    assert [mention["acct"] for mention in status["mentions"]] == ["neighbour"]


def test_a_server_that_does_not_tell_scopes_now_holds_up_no_start(
    server: SandboxServer, make_bot: MakeBot
):
    server.fail("/api/v1/apps/verify_credentials", status=500, times=None)
    make_bot().once()
