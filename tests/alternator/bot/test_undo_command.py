"""``alternator undo`` as it is typed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alternator.bot.undo_command import main
from probe.exit_codes import ExitCode
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]
Configured = Callable[[Any], list[str]]
pytestmark = pytest.mark.usefixtures("signals")


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    """``alternator`` with these words, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "alternator", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def test_a_dry_run_changes_nothing(
    server: SandboxServer,
    make_bot: MakeBot,
    configured: Configured,
    picture: Path,
    capsys: pytest.CaptureFixture[str],
):
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    words, now, rows = configured(bot), server.status(post["id"]), bot.rows()
    count = len(server.requests("PUT"))
    assert main([*words, post["id"], "--dry-run"]) == 0
    text = server.descriptions(post["id"])[0]
    assert text is not None
    assert "would take back what was written" in capsys.readouterr().out
    assert server.status(post["id"]) == now
    assert len(server.requests("PUT")) == count
    assert bot.rows() == rows


def test_it_is_undone_beside_a_running_bot_and_refused_the_second_time(
    server: SandboxServer, make_bot: MakeBot, configured: Configured, picture: Path
):
    post = server.post("Look", files=[picture])
    bot = make_bot().start()
    server.wait_until_described(post["id"])
    words = configured(bot)
    key = post["media_attachments"][0]["id"]
    done = typed("undo", *words, f"{server.url}/@demo/{post['id']}", "--attachment", key)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"post {post['id']}, attachment {key}: its description was taken back; the bot leaves it "
        f"alone from now on\n"
    )
    assert server.descriptions(post["id"]) == [None]
    again = typed("undo", *words, post["id"])
    assert again.returncode == ExitCode.FAILED
    assert again.stdout == ""
    assert again.stderr.startswith(f"alternator undo: the description of post {post['id']} was")
    bot.end()


def test_what_the_server_keeps_is_told(
    server: SandboxServer,
    make_bot: MakeBot,
    configured: Configured,
    picture: Path,
    capsys: pytest.CaptureFixture[str],
):
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    now = server.status(post["id"])
    server.fail("/api/v1/statuses/*", method="PUT", status=200, body=dict(now), times=1)
    assert main([*configured(bot), post["id"]]) == ExitCode.FAILED
    assert "keeps the description; remove it by hand" in capsys.readouterr().out


def test_an_account_that_no_bot_worked_for_is_told(
    server: SandboxServer, make_bot: MakeBot, configured: Configured, picture: Path
):
    bot = make_bot()
    bot.once()
    words = configured(bot)
    path = Path(words[1])
    path.write_text(path.read_text().replace('"sandbox"', '"neighbour"'))
    done = typed("undo", *words, "1")
    assert done.returncode == ExitCode.FAILED
    assert "nothing was written into posts of neighbour@" in done.stderr
