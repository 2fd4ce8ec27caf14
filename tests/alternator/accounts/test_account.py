import time
from pathlib import Path
from typing import Any

import pytest
from clock import Clock

from alternator.accounts.account import Account
from alternator.config.settings import MastodonSettings
from alternator.errors import (
    RedirectedError,
    ServerError,
    TemporaryServerError,
    UnexpectedAnswerError,
    UnsupportedServerError,
)
from alternator.mastodon.edit import Snapshot
from alternator.mastodon.edit_check import checked_edit
from alternator.progress import SILENT, Progress
from alternator.store.interface import Store
from alternator.store.outcomes import Cursors, Found
from sandbox.server import SandboxServer
from sandbox.settings import Settings


def account_of(server: SandboxServer, store: Store, token: str = "sandbox") -> Account:
    return Account(MastodonSettings(instance_url=server.url, access_token=token), store)


class Impatient(Progress):
    """Breaks the work off instead of waiting."""

    def pause(self, seconds: float) -> None:
        raise TimeoutError(f"{seconds:.0f}")


def test_signing_in_tells_who_it_is_and_takes_up_its_state(server: SandboxServer, store: Store):
    account = account_of(server, store)
    assert not account.server_is_known
    assert account.queue() == {}
    account.sign_in(account.session(SILENT))
    assert account.server_is_known
    assert account.name == f"demo@{server.url.removeprefix('http://')}"
    assert account.instance.description_limit == 1500
    assert account.state.cursors() == Cursors(newest=None, floor=None)
    account.state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
    assert account.queue() == {"waiting": 1}


def test_two_accounts_of_one_server_share_nothing_but_the_store(
    server: SandboxServer, store: Store
):
    first, second = account_of(server, store), account_of(server, store, "neighbour")
    for account in (first, second):
        account.sign_in(account.session(SILENT))
    assert first.id != second.id
    first.state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)], cursor="5")
    claim = first.state.claim()
    assert second.state.claim() is None
    assert second.state.cursors() == Cursors(newest=None, floor=None)
    assert second.queue() == {}
    assert claim is not None
    first.health.failed(TemporaryServerError("down"))
    assert not second.health.report.failing
    assert first.budget is not second.budget


def test_a_token_that_is_refused_leaves_it_signed_out(server: SandboxServer, store: Store):
    account = account_of(server, store, "wrong")
    with pytest.raises(ServerError, match="rejects the access token"):
        account.sign_in(account.session(SILENT))
    assert not account.server_is_known
    with pytest.raises(AssertionError, match="sign_in"):
        _ = account.state


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("mastodon-4.0", "update the server to Mastodon 4.1"),
        ("hometown", "Mastodon 4.1 or later"),
        ("akkoma", "before they are posted"),
        ("pleroma", "before they are posted"),
    ],
)
def test_a_server_for_which_there_is_nothing_to_do_is_refused_with_a_remedy(
    store: Store, name: str, remedy: str
):
    with SandboxServer(settings=Settings.of(name)) as server:
        account = account_of(server, store)
        with pytest.raises(UnsupportedServerError, match=remedy) as refusal:
            account.sign_in(account.session(SILENT))
        assert str(refusal.value).startswith(server.url)
        assert not account.server_is_known
        assert [entry["method"] for entry in server.requests()] == ["GET"]


def test_misskey_is_refused_by_name_and_not_for_what_it_lacks(server: SandboxServer, store: Store):
    server.fail("/api/*", status=404, times=None)
    software = {"software": {"name": "misskey", "version": "2026.1.0"}}
    server.fail("/nodeinfo/2.0", status=200, body=software)
    account = account_of(server, store)
    with pytest.raises(UnsupportedServerError, match="Misskey does not speak"):
        account.sign_in(account.session(SILENT))


def test_what_one_session_is_told_of_the_rate_limit_holds_for_the_others(
    server: SandboxServer, account: Account
):
    first, second = account.session(Impatient()), account.session(Impatient())
    server.exhaust_rate_limit(60)
    with pytest.raises(TimeoutError):
        first.verify()
    asked = len(server.requests())
    with pytest.raises(TimeoutError):
        second.verify()
    assert len(server.requests()) == asked


def test_an_edit_that_may_not_be_made_yet_is_not_put_off(
    server: SandboxServer, account: Account, picture: Path
):
    status = server.post("Look", files=[picture])
    session = account.session(Impatient())
    snapshot = Snapshot(status=session.status(status["id"]), source=session.source(status["id"]))
    assert account.instance.dialect.edit is not None
    texts = {snapshot.status.attachments[0].id: "A house"}
    edit = checked_edit(snapshot, texts, rules=account.instance.dialect.edit, limit=1500)
    server.fail("/api/v1/statuses/*", method="PUT", status=429)
    with pytest.raises(TemporaryServerError):
        session.edit(edit)
    # By the end of a wait its author may have edited the post, so its caller must look again.
    with pytest.raises(TemporaryServerError) as caught:
        session.edit(edit)
    assert caught.value.retry_after == pytest.approx(11, abs=2)
    assert len(server.requests(method="PUT")) == 1
    # Reading has a budget of its own.
    assert session.status(status["id"]).id == status["id"]


NONSENSE: list[dict[str, Any]] = [
    {"spoil": "html"},
    {"spoil": "empty"},
    {"spoil": "truncated"},
    {"status": 200, "body": []},
    {"status": 200, "body": {}},
    {"status": 200, "body": {"error": "busy"}},
    {"status": 404, "body": "404 page not found"},
    {"status": 404},
]


class Patient(Progress):
    """Waits no time."""

    def pause(self, seconds: float) -> None:
        """At once."""


@pytest.mark.parametrize("fault", NONSENSE, ids=str)
def test_what_is_no_mastodon_is_told_at_the_first_start(
    server: SandboxServer, store: Store, fault: dict[str, Any]
):
    account = account_of(server, store)
    server.fail("/api/v1/accounts/verify_credentials", times=None, **fault)
    with pytest.raises(ServerError) as caught:
        account.sign_in(account.session(Patient()))
    assert not isinstance(caught.value, TemporaryServerError)
    assert str(caught.value) == (
        f"{server.url} does not answer like a Mastodon server; check [mastodon] instance_url"
    )


@pytest.mark.parametrize("fault", NONSENSE, ids=str)
def test_once_the_server_is_known_the_same_may_pass(
    server: SandboxServer, store: Store, fault: dict[str, Any]
):
    account_of(server, store).sign_in(account_of(server, store).session(Patient()))
    account = account_of(server, store)
    server.fail("/api/v1/accounts/verify_credentials", times=None, **fault)
    with pytest.raises(UnexpectedAnswerError):
        account.sign_in(account.session(Patient()))


def test_an_address_that_leads_elsewhere_is_told_at_the_first_start(
    server: SandboxServer, store: Store
):
    account = account_of(server, store)
    headers = {"Location": "https://social.example/api"}
    server.fail("/api/*", status=301, headers=headers, times=None)
    with pytest.raises(ServerError) as caught:
        account.sign_in(account.session(Patient()))
    assert not isinstance(caught.value, RedirectedError)
    assert "redirects to https://social.example (HTTP 301); set [mastodon]" in str(caught.value)


def test_a_halted_account_says_why(server: SandboxServer, store: Store):
    account = account_of(server, store)
    assert account.halted is None
    account.sign_in(account.session(Patient()))
    assert account.halted is None
    account.state.halt("the text of post 5 was lost")
    assert account.halted == "the text of post 5 was lost"


def test_the_first_start_is_kept_by_the_clock_of_the_server(account: Account, clock: Clock):
    assert clock.now == 1_000_000
    assert account.state.first_start() == pytest.approx(time.time(), abs=120)
