import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from loopback import free_port
from waiting import wait_for

from alternator.bot.history_command import main as history
from alternator.bot.status_command import main
from alternator.clock import SYSTEM_CLOCK
from alternator.config.settings import HealthSettings
from alternator.store.opening import NothingRememberedError, opened
from probe.exit_codes import ExitCode
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]
Configured = Callable[[Any], list[str]]


def test_a_bot_that_is_well_is_told_with_its_queue(
    server: SandboxServer,
    make_bot: MakeBot,
    configured: Configured,
    picture: Path,
    capsys: pytest.CaptureFixture[str],
):
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.config = replace(bot.config, health=HealthSettings(port=free_port()))
    words = configured(bot)
    bot.start()
    server.wait_until_described(post["id"])
    wait_for(lambda: [row[0] for row in bot.rows()] == ["described"])
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["well"], found["bot"]) == (True, "well")
    assert found["health"]["status"] == "ok"
    (account,) = found["accounts"]
    assert account["queue"] == {
        "waiting": 0,
        "claimed": 0,
        "described": 1,
        "left": 0,
        "failed": 0,
    }
    assert account["last_description"].endswith("+00:00")
    assert (account["halted"], account["failures"]) == (None, [])
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "bot: running, and well" in out
    assert "1 described" in out
    bot.end()
    assert main(words) == ExitCode.FAILED
    assert capsys.readouterr().out.startswith("bot: not running\n")


def test_what_others_asked_for_is_told(
    server: SandboxServer,
    make_bot: MakeBot,
    configured: Configured,
    picture: Path,
    capsys: pytest.CaptureFixture[str],
):
    bot = make_bot(others={"enabled": True})
    bot.once()
    words = configured(bot)
    main(words)
    assert "posts of others" not in capsys.readouterr().out
    server.post("@demo", files=[picture], token="neighbour")
    bot.once()
    main(words)
    line = "  posts of others: 0 to be answered, 1 answered, 0 came to nothing\n"
    assert line in capsys.readouterr().out
    main([*words, "--json"])
    (account,) = json.loads(capsys.readouterr().out)["accounts"]
    assert account["asked"] == {"open": 0, "answered": 1, "dropped": 0}


def test_what_failed_is_told_with_its_reason(
    server: SandboxServer,
    make_bot: MakeBot,
    configured: Configured,
    picture: Path,
    capsys: pytest.CaptureFixture[str],
):
    server.post("Look", files=[picture])
    server.fail("/api/v1/statuses/*", method="PUT", status=422, body={"error": "No"}, times=None)
    bot = make_bot()
    bot.once()
    words = configured(bot)
    assert main([*words, "--json"]) == ExitCode.FAILED
    (account,) = json.loads(capsys.readouterr().out)["accounts"]
    (failure,) = account["failures"]
    assert failure["attempts"] == 1
    assert failure["again"] is not None
    assert account["oldest_waiting"] == failure["since"]
    assert main(words) == ExitCode.FAILED
    assert failure["reason"] in capsys.readouterr().out
    assert main([*words, "--failures", "0"]) == ExitCode.FAILED
    assert failure["reason"] not in capsys.readouterr().out


def test_a_halted_account_is_not_well_though_its_bot_is(
    server: SandboxServer,
    make_bot: MakeBot,
    configured: Configured,
    capsys: pytest.CaptureFixture[str],
):
    bot = make_bot()
    bot.once()
    words = configured(bot)
    with opened(bot.config.state.directory, clock=bot.clock.now) as store:
        (state,) = store.known_accounts(bot.config.mastodon.instance_url).values()
        state.halt("the edit of post 5 changed more than descriptions")
        # The lock is held, and no health answer is wanted.
        assert main([*words, "--json"]) == ExitCode.FAILED
        found = json.loads(capsys.readouterr().out)
        assert (found["bot"], found["well"]) == ("unknown", False)
        state.resume()
        assert main(words) == 0
        assert "so it does not say how it is" in capsys.readouterr().out


def test_a_bot_that_does_not_answer_is_told(
    make_bot: MakeBot, configured: Configured, capsys: pytest.CaptureFixture[str]
):
    bot = make_bot()
    bot.once()
    bot.config = replace(bot.config, health=HealthSettings(port=free_port()))
    words = configured(bot)
    with opened(bot.config.state.directory, clock=bot.clock.now):
        assert main(words) == ExitCode.FAILED
    assert "does not answer on its health address" in capsys.readouterr().out


def test_where_no_bot_was_that_is_said(make_bot: MakeBot, configured: Configured):
    with pytest.raises(NothingRememberedError):
        main(configured(make_bot()))


def test_all_accounts_are_told_of_and_one_that_edits_nothing_is_not_well(
    server: SandboxServer,
    make_bot: MakeBot,
    configured: Configured,
    picture: Path,
    capsys: pytest.CaptureFixture[str],
):
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    words = configured(bot)
    with opened(bot.config.state.directory, clock=SYSTEM_CLOCK.now) as store:
        store.use_account("https://other.example", "9").halt("an edit did harm")
    several = (
        Path(words[-1])
        .read_text()
        .replace("[mastodon]", '[[accounts]]\nname = "here"')
        .replace("access_token", "token")
    )
    other = (
        '[[accounts]]\nname = "there"\ninstance_url = "https://other.example"\ntoken = "a-token"\n'
    )
    Path(words[-1]).write_text(several.replace("[openrouter]", f"{other}[openrouter]"))
    assert main([*words, "--json"]) == ExitCode.FAILED
    accounts = json.loads(capsys.readouterr().out)["accounts"]
    assert [one["server"] for one in accounts] == [server.url, "https://other.example"]
    assert [one["halted"] for one in accounts] == [None, "an edit did harm"]
    assert history([*words, "--json", "--post", f"{server.url}/@demo/{post['id']}"]) == 0
    assert [one["post"] for one in json.loads(capsys.readouterr().out)] == [post["id"]]
