"""``alternator members`` as an operator has it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from member_site import MemberWebsite

from alternator.errors import ConfigError
from alternator.members.cipher import Cipher, new_key
from alternator.members.credentials import credentials_of
from alternator.members.entry import is_held
from alternator.store.cluster import Enrolled
from alternator.website.members_command import main
from probe.exit_codes import ExitCode

Run = Callable[..., int]


@pytest.fixture
def keys(site: MemberWebsite) -> list[str]:
    """The keys that the command reads; a test may change them."""
    return [site.key]


@pytest.fixture
def run(
    site: MemberWebsite, keys: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """The command over the site's database."""
    assert site.database.url is not None
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> int:
        for name, value in {
            "DATABASE_URL": site.database.url,
            "SIGNUP_SERVER": site.server.url,
            "SIGNUP_KEY": " ".join(keys),
            "STATE_DIR": str(tmp_path / "state"),
        }.items():
            monkeypatch.setenv(f"ALTERNATOR_{name}", str(value))
        return main(list(words))

    return run


def entry_of(site: MemberWebsite, name: str) -> Enrolled:
    (entry,) = (one for one in site.members if one.handle.startswith(name))
    return entry


def handle_of(site: MemberWebsite, name: str) -> str:
    return entry_of(site, name).handle


def test_a_key_is_made_without_any_configuration(capsys: pytest.CaptureFixture[str]):
    assert main(["key"]) == 0
    first = capsys.readouterr().out.strip()
    Cipher(first)
    assert main(["key"]) == 0 and capsys.readouterr().out.strip() != first


def test_members_are_listed_and_shown(
    site: MemberWebsite, run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("list") == 0
    assert capsys.readouterr().out == "nobody is connected\n"
    visit = site.visit()
    visit.join("neighbour")
    visit.send("/me/choices", mode="review", **{"visibility-public": "on"})
    site.visit().join("demo")
    assert run("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("@")[0] for line in lines] == ["demo", "neighbour"]
    assert "watched by nobody" in lines[0]
    assert run("show", f"@{handle_of(site, 'neighbour').upper()}") == 0
    shown = capsys.readouterr().out
    assert "mode: review\n" in shown and "visibilities: public\n" in shown
    assert run("list", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert {one["name"] for one in facts} == {one.handle for one in site.members}
    assert run("show", "--json", entry_of(site, "demo").key) == 0
    assert json.loads(capsys.readouterr().out)["name"] == handle_of(site, "demo")


def test_who_is_no_member_is_said(site: MemberWebsite, run: Run):
    with pytest.raises(ConfigError, match="there is no member 'ann'; `alternator members list`"):
        run("show", "ann")


def test_a_member_is_paused_by_the_operator_and_goes_on(site: MemberWebsite, run: Run):
    site.visit().join("demo")
    for command, held in (("pause", True), ("resume", False)):
        assert run(command, handle_of(site, "demo")) == 0
        entry = entry_of(site, "demo")
        assert entry.paused is held and is_held(entry) is held


def test_what_is_kept_is_printed_without_a_secret(
    site: MemberWebsite, run: Run, capsys: pytest.CaptureFixture[str]
):
    site.visit().join("demo")
    entry = entry_of(site, "demo")
    assert run("export", entry.handle) == 0
    text = capsys.readouterr().out
    assert json.loads(text)["enrolment"]["handle"] == entry.handle
    for secret in (*site.granted, str(entry.settings["session"]), (entry.token or b"").decode()):
        assert secret not in text


def test_a_member_is_removed(site: MemberWebsite, run: Run, capsys: pytest.CaptureFixture[str]):
    site.visit().join("demo")
    site.visit().join("neighbour")
    handle = handle_of(site, "demo")
    assert run("remove", handle) == 0
    assert f"{handle} is removed" in capsys.readouterr().out
    assert len(site.members) == len(site.granted) == 1
    site.server.fail("/oauth/revoke", status=503, times=20)
    assert run("remove", handle_of(site, "neighbour")) == ExitCode.FAILED
    assert "could not be revoked" in capsys.readouterr().out
    assert site.members == []


def test_tokens_are_encrypted_anew(
    site: MemberWebsite, run: Run, keys: list[str], capsys: pytest.CaptureFixture[str]
):
    site.visit().join("demo")
    site.visit().join("neighbour")
    before = {one.key: credentials_of(one, Cipher(site.key)).token for one in site.members}
    new = new_key()
    keys[:] = [new, site.key]
    assert run("rotate") == 0
    assert "2 tokens are encrypted anew; 0 could not be opened" in capsys.readouterr().out
    assert {one.key: credentials_of(one, Cipher(new)).token for one in site.members} == before
    apps = site.cluster.sign_ups.apps().values()
    assert apps and all(Cipher(new).is_current(kept) for kept in apps)
    assert run("rotate") == 0
    assert "0 tokens are encrypted anew" in capsys.readouterr().out


def test_what_no_key_opens_is_said_by_name_and_stays(
    site: MemberWebsite, run: Run, keys: list[str], capsys: pytest.CaptureFixture[str]
):
    site.visit().join("demo")
    entry = entry_of(site, "demo")
    keys[:] = [new_key()]
    assert run("rotate") == ExitCode.FAILED
    text = capsys.readouterr().out
    assert f"opens what is kept of {entry.handle}" in text and "1 could not be opened" in text
    assert entry_of(site, "demo").token == entry.token
    assert not any(token in text for token in site.granted)


def test_without_a_database_it_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"set \[database\] url"):
        main(["list"])
