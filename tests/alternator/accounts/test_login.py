"""A login as a person has it, at the sandbox, and wherever it is broken off."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from owner import answer, browser, code_on

from alternator.accounts import login, token_files
from alternator.accounts.login import log_in
from alternator.accounts.oauth import OAuthServer
from alternator.accounts.scopes import NEEDED
from alternator.accounts.token_files import app_file, read_app, read_token
from alternator.errors import ConfigError, ServerError, UnsupportedServerError
from sandbox.server import SandboxServer
from sandbox.settings import Settings


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "home.token"


def by_hand(monkeypatch: pytest.MonkeyPatch, typed: Callable[[str], str]) -> None:
    """A person who opens the address that is printed and types what ``typed`` makes of it."""

    class Keyboard:
        def readline(self) -> str:
            (address,) = (line.strip() for line in said if "/oauth/authorize?" in line)
            return typed(address)

    said: list[str] = []
    monkeypatch.setattr(login, "say", lambda text: said.extend(text.splitlines()))
    monkeypatch.setattr(sys, "stdin", Keyboard())


def left_behind(token_file: Path) -> list[Path]:
    return list(token_file.parent.iterdir()) if token_file.parent.exists() else []


def granted(server: SandboxServer) -> list[str]:
    """The tokens that the server has given and not taken back."""
    return list(server.sandbox.oauth._tokens)


@pytest.mark.parametrize("dialect", ["mastodon-4.2", "mastodon-4.5"])
def test_a_browser_on_this_machine_brings_the_code(token_file: Path, dialect: str):
    with SandboxServer(settings=Settings.of(dialect)) as server:
        found = log_in(server.url, token_file, browser=True, open_address=browser(user="neighbour"))
        assert found.name == f"neighbour@{server.url.removeprefix('http://')}"
        assert found.scopes == NEEDED
        assert granted(server) == [read_token(token_file)]
        (asked,) = server.requests(method="POST", path="/oauth/token")
        form = dict(asked["form"])
        assert ("code_verifier" in form) == (dialect == "mastodon-4.5")
        assert form["redirect_uri"].startswith("http://127.0.0.1:")
        known = read_app(token_file)
        assert known is not None
        assert known[0] == server.url
        OAuthServer(server.url).revoke(known[1], read_token(token_file))
        assert granted(server) == []


def test_a_code_is_copied_where_the_browser_is_elsewhere(
    token_file: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
):
    by_hand(monkeypatch, lambda address: code_on(answer(address)) + "\n")
    assert log_in(server.url, token_file, browser=False).scopes == NEEDED
    assert granted(server) == [read_token(token_file)]


def test_some_servers_are_asked_for_more(token_file: Path):
    with SandboxServer(settings=Settings.of("takahe")) as server:
        found = log_in(server.url, token_file, browser=True, open_address=browser())
        assert found.scopes == (*NEEDED, "write:media")


def test_where_nothing_can_be_described_nothing_is_asked(token_file: Path):
    with SandboxServer(settings=Settings.of("akkoma")) as server:
        with pytest.raises(UnsupportedServerError):
            log_in(server.url, token_file, browser=True)
        assert server.sandbox.oauth.apps == {}
    assert left_behind(token_file) == []


def test_an_owner_who_says_no_leaves_nothing(token_file: Path, server: SandboxServer):
    with pytest.raises(ServerError, match="refused in the browser: The resource owner"):
        log_in(server.url, token_file, browser=True, open_address=browser(allow=False))
    assert left_behind(token_file) == []


@pytest.mark.parametrize("typed", ["", "wrong"])
def test_a_code_that_is_none_leaves_nothing(
    token_file: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch, typed: str
):
    by_hand(monkeypatch, lambda address: f"{typed}\n" if typed else "")
    message = "grant is invalid" if typed else "no code was given; nothing was changed"
    with pytest.raises(ServerError, match=message):
        log_in(server.url, token_file, browser=False)
    assert left_behind(token_file) == []


def test_a_person_who_gives_up_leaves_nothing(
    token_file: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(address: str) -> str:
        raise KeyboardInterrupt

    by_hand(monkeypatch, interrupted)
    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        log_in(server.url, token_file, browser=False)
    with pytest.raises(KeyboardInterrupt):
        log_in(server.url, token_file, browser=True, open_address=interrupted)  # type: ignore[arg-type]  # it never returns
    assert left_behind(token_file) == []
    assert threading.active_count() == threads


@pytest.mark.parametrize("what", ["server", "disk", "person"])
def test_broken_off_after_the_token_was_given_it_is_revoked(
    token_file: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch, what: str
):
    if what == "server":
        server.fail("/api/v1/accounts/verify_credentials", status=403, body={"error": "suspended"})
        error: type[BaseException] = ServerError
    else:
        error = ConfigError if what == "disk" else KeyboardInterrupt

        def broken(*arguments: object) -> None:
            raise error("it broke")

        monkeypatch.setattr(token_files, "write", broken)
    with pytest.raises(error):
        log_in(server.url, token_file, browser=True, open_address=browser())
    assert granted(server) == []
    assert left_behind(token_file) == []


def test_a_token_that_may_too_little_is_given_back(token_file: Path, server: SandboxServer):
    real = server.sandbox.oauth.grant

    def less(wish, account):
        from dataclasses import replace

        return real(replace(wish, scopes=("read:accounts",)), account)

    server.sandbox.oauth.grant = less  # type: ignore[method-assign]  # a server of another mind
    with pytest.raises(ServerError, match="a token without read:statuses write:statuses, which it"):
        log_in(server.url, token_file, browser=True, open_address=browser())
    assert granted(server) == []
    assert left_behind(token_file) == []


def test_a_login_that_is_there_is_not_written_over(token_file: Path, server: SandboxServer):
    token_file.parent.mkdir()
    token_file.write_text("another\n")
    with pytest.raises(ConfigError, match="is there already; `alternator accounts logout`"):
        log_in(server.url, token_file, browser=True)
    assert server.sandbox.oauth.apps == {}
    assert left_behind(token_file) == [token_file]
    assert not app_file(token_file).exists()
