import stat
import tomllib
from pathlib import Path

import pytest
from owner import browser

from alternator.accounts.cli import main
from alternator.errors import ConfigError, ServerError
from alternator.log import CONTROLS
from probe.exit_codes import ExitCode
from sandbox.server import SandboxServer


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(
        "alternator.accounts.login.log_in.__kwdefaults__", {"open_address": browser()}
    )
    return tmp_path


def write(text: str) -> None:
    Path("alternator.toml").write_text(text, encoding="utf-8")
    Path("alternator.toml").chmod(0o600)


def accounts_of(server: SandboxServer, **tokens: str) -> str:
    return "".join(
        f'[[accounts]]\nname = "{name}"\ninstance_url = "{server.url}"\ntoken = "{token}"\n'
        for name, token in tokens.items()
    )


@pytest.mark.parametrize(
    ("others", "more"),
    [
        ("[others]\nenabled = true\n", " read:notifications read:follows write:follows"),
        ("[others]\nenabled = true\nall_posts = false\n", " read:notifications"),
        ("[others]\nenabled = false\n", ""),
        (
            '[[accounts]]\nname = "home"\n[accounts.others]\nenabled = true\nall_posts = false\n',
            " read:notifications",
        ),
        ('[[accounts]]\nname = "other"\n[accounts.others]\nenabled = true\n', ""),
    ],
)
def test_more_scopes_are_asked_for_where_the_configuration_needs_them(
    server: SandboxServer, capsys: pytest.CaptureFixture[str], others: str, more: str
):
    write(others)
    assert main(["login", server.url, "--name", "home"]) == 0
    scopes = f"read:accounts read:statuses write:statuses{more}"
    assert f"is logged in, with {scopes}." in capsys.readouterr().err


def test_a_token_that_may_not_describe_for_others_is_named(
    server: SandboxServer, capsys: pytest.CaptureFixture[str]
):
    write(accounts_of(server, home="sandbox-narrow") + "[accounts.others]\nenabled = true\n")
    assert main(["check"]) == ExitCode.FAILED
    assert (
        "the token lacks read:notifications read:follows write:follows; `alternator accounts "
        "login` gets one" in capsys.readouterr().out
    )


def test_from_login_to_logout(
    server: SandboxServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["login", server.url, "--name", "home"]) == 0
    said = capsys.readouterr()
    file = tmp_path / "xdg" / "alternator" / "home.token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    entry = tomllib.loads(said.out)["accounts"][0]
    assert entry == {"name": "home", "instance_url": server.url, "token_file": str(file)}
    assert "is logged in, with read:accounts read:statuses write:statuses." in said.err
    assert file.read_text().strip() not in said.out + said.err

    assert main(["list"]) == 0
    assert capsys.readouterr().out == f"home\tnot in the configuration\t{file}\n"

    write(said.out)
    assert main(["list"]) == 0
    assert capsys.readouterr().out == f"home\t{server.url}\t{file}\n"
    assert main(["check"]) == 0
    host = server.url.removeprefix("http://")
    assert capsys.readouterr().out == (f"home: demo@{host}: the token does, and may nothing more\n")

    assert main(["logout", "home"]) == 0
    assert list(file.parent.iterdir()) == []
    assert server.sandbox.oauth._tokens == {}
    assert main(["list"]) == 0
    assert capsys.readouterr().out == f"home\t{server.url}\tno token\n"


def test_tokens_with_too_little_or_too_much_and_a_revoked_one_are_told(
    server: SandboxServer, capsys: pytest.CaptureFixture[str]
):
    server.sandbox.oauth.withdraw("neighbour")
    write(accounts_of(server, much="sandbox", little="sandbox-read-only", gone="neighbour"))
    assert main(["check"]) == 1
    host = server.url.removeprefix("http://")
    assert capsys.readouterr().out.splitlines() == [
        f"much: demo@{host}: the token does, and may more than is needed: read write; `alternator "
        f"accounts login` gets one that may not",
        f"little: demo@{host}: the token lacks write:statuses; `alternator accounts login` gets "
        f"one",
        f"gone: {server.url} rejects the access token; create one with the scopes read:accounts "
        f"read:statuses write:statuses (Preferences, Development) and set [mastodon] access_token",
    ]
    assert main(["check", "much"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    with pytest.raises(ConfigError, match="there is no account 'nobody'"):
        main(["check", "nobody"])


def test_a_server_that_does_not_tell_the_scopes_is_believed(
    server: SandboxServer, capsys: pytest.CaptureFixture[str]
):
    for path in ("/oauth/token/info", "/api/v1/apps/verify_credentials"):
        server.fail(path, status=404)
    write(accounts_of(server, home="sandbox"))
    assert main(["check"]) == 0
    assert "the token is taken; the server does not tell its scopes" in capsys.readouterr().out


def test_the_single_account_is_listed_and_checked_too(
    server: SandboxServer, capsys: pytest.CaptureFixture[str]
):
    write(f'[mastodon]\ninstance_url = "{server.url}"\naccess_token = "sandbox"\n')
    assert main(["list"]) == 0
    assert capsys.readouterr().out == (
        f"[mastodon]\t{server.url}\talternator.toml: [mastodon] access_token\n"
    )
    assert main(["check"]) == 0
    assert capsys.readouterr().out.startswith("[mastodon]: demo@")


def test_a_token_that_no_login_got_is_not_revoked_and_stays(server: SandboxServer, tmp_path: Path):
    (tmp_path / "mine.token").write_text("sandbox\n")
    write("")
    with pytest.raises(ConfigError, match="was not written by a login"):
        main(["logout", "mine"])
    assert (tmp_path / "mine.token").exists()
    with pytest.raises(ConfigError, match="there is no login 'other' with a file of its own"):
        main(["logout", "other"])


def test_a_server_that_is_away_keeps_the_files(server: SandboxServer, tmp_path: Path):
    write("")
    assert main(["login", server.url, "--name", "home"]) == 0
    server.fail("/oauth/revoke", method="POST", status=503)
    with pytest.raises(ServerError):
        main(["logout", "home"])
    assert (tmp_path / "home.token").exists()


def test_a_name_or_an_address_that_is_none_is_said_before_anything_is_asked():
    with pytest.raises(ConfigError, match="--name 'a b' must be of letters"):
        main(["login", "social.example", "--name", "a b"])
    with pytest.raises(ConfigError, match="SERVER must be an address"):
        main(["login", "ftp://social.example"])


def test_what_a_server_says_is_not_obeyed_by_the_terminal(
    server: SandboxServer, capsys: pytest.CaptureFixture[str]
):
    server.fail(
        "/api/v1/accounts/verify_credentials",
        method="GET",
        status=403,
        body={"error": "go \x1b[2Jaway\u202e"},
        times=None,
    )
    write(accounts_of(server, home="sandbox"))
    assert main(["check"]) == 1
    said = capsys.readouterr().out
    assert "home: " in said and not CONTROLS.search(said)
