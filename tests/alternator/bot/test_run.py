"""The command as an operator starts it: a process of its own."""

import json
import logging
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from other_program import holding
from small_disk import fill, make_room, small_disk
from speech_server import speech_server
from waiting import wait_for

from alternator.config.settings import StateSettings
from alternator.errors import ServerError, StateError, UnreachableError
from alternator.media.confined.standing import in_words
from alternator.store.opening import STATE_FILE, opened
from alternator.store.sqlite.schema import SCHEMA
from probe.exit_codes import ExitCode
from sandbox.server import SandboxServer
from sandbox.settings import Settings
from sandbox.vision.server import VisionServer

MakeBot = Callable[..., Any]


SUPPORT = Path(__file__).parents[2] / "support"

# What a test may run before the command, in the command's own process.
FAST = """
import alternator.bot.run as run
from alternator.stopping import Stop
from fast_clock import FastClock
run.Stop = lambda: Stop(FastClock())
"""
SHORT_SHIELD = """
import alternator.stopping
alternator.stopping.SHIELD_SECONDS = 0.1
"""
COMMAND = """
import sys
from alternator.cli import main
sys.exit(main())
"""


class Command:
    """``alternator`` with an environment of its own and nothing in the working directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ALTERNATOR_")}
        self.environ = kept | {
            "HOME": str(folder),
            "ALTERNATOR_STATE_DIR": str(folder / "state"),
            "ALTERNATOR_HEALTH_PORT": "0",
            "ALTERNATOR_DASHBOARD_PORT": "0",
            "ALTERNATOR_WHISPER_ENABLED": "false",
            "PYTHONPATH": str(SUPPORT),
        }
        self.before = ""  # run in the process before the command
        self.running: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", self.before + COMMAND, *arguments],
            cwd=self.folder,
            env=self.environ | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def run(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """Exit code and standard error."""
        process = self.start(*arguments, **variables)
        _, errors = process.communicate(timeout=120)
        return process.returncode, errors


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    command = Command(tmp_path)
    yield command
    for process in command.running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def account(server: SandboxServer, vision: VisionServer) -> dict[str, str]:
    return {
        "ALTERNATOR_MASTODON_INSTANCE_URL": server.url,
        "ALTERNATOR_MASTODON_ACCESS_TOKEN": server.token,
        "ALTERNATOR_MASTODON_BACKFILL_PAUSE": "0",
        "ALTERNATOR_OPENROUTER_BASE_URL": vision.base_url,
        "ALTERNATOR_OPENROUTER_MODEL": "pixels",
    }


def test_without_a_configuration_it_says_what_to_set(command: Command):
    assert command.run("run") == (
        2,
        "alternator run: there is no alternator.toml, and [mastodon] instance_url is not set; copy "
        "alternator.toml.example to alternator.toml and fill it in, or set "
        "ALTERNATOR_MASTODON_INSTANCE_URL\n",
    )


def test_a_mistake_in_the_file_is_one_line(command: Command):
    (command.folder / "alternator.toml").write_text("[mastodon]\ninstnace_url = 'x'\n")
    assert command.run("run") == (
        2,
        "alternator run: alternator.toml: [mastodon] has no key 'instnace_url' (did you mean "
        "'instance_url'?); rename or remove it\n",
    )


def test_an_unreachable_server_is_one_line(command: Command):
    """Of a single pass: a bot waits for it."""
    command.before = FAST
    code, errors = command.run(
        "run",
        "--once",
        ALTERNATOR_MASTODON_INSTANCE_URL="http://127.0.0.1:1",
        ALTERNATOR_MASTODON_ACCESS_TOKEN="a-token-of-some-length",
    )
    assert (code, errors) == (
        4,
        "alternator run: http://127.0.0.1:1 can't be reached (no connection); check [mastodon] "
        "instance_url, and that this machine reaches it\n",
    )


def test_a_name_that_is_none_ends_the_first_start(command: Command):
    command.before = FAST
    code, errors = command.run(
        "run",
        ALTERNATOR_MASTODON_INSTANCE_URL="https://nowhere.invalid",
        ALTERNATOR_MASTODON_ACCESS_TOKEN="a-token-of-some-length",
    )
    assert (code, errors) == (
        4,
        "alternator run: https://nowhere.invalid can't be reached (there is no such name); check "
        "[mastodon] instance_url\n",
    )


def test_certificates_that_are_missing_are_no_defect(command: Command):
    code, errors = command.run(
        "run",
        ALTERNATOR_MASTODON_INSTANCE_URL="https://nowhere.invalid",
        ALTERNATOR_MASTODON_ACCESS_TOKEN="a-token-of-some-length",
        REQUESTS_CA_BUNDLE="/nonexistent/ca.pem",
    )
    assert (code, errors.partition(";")[0]) == (
        2,
        "alternator run: REQUESTS_CA_BUNDLE: /nonexistent/ca.pem can't be read: No such file or "
        "directory",
    )


def test_a_rejected_token_is_one_line(command: Command, server: SandboxServer):
    code, errors = command.run(
        "run",
        ALTERNATOR_MASTODON_INSTANCE_URL=server.url,
        ALTERNATOR_MASTODON_ACCESS_TOKEN="a-token-that-is-wrong",
    )
    assert (code, errors) == (
        4,
        f"alternator run: {server.url} rejects the access token; create one with the scopes "
        f"read:accounts read:statuses write:statuses (Preferences, Development) and set "
        f"[mastodon] access_token\n",
    )


def test_a_token_that_may_not_write_is_refused_at_the_start(
    command: Command, server: SandboxServer, vision: VisionServer, picture: Path
):
    server.post("Look", files=[picture])
    token = {"ALTERNATOR_MASTODON_ACCESS_TOKEN": "sandbox-read-only"}
    code, errors = command.run("run", "--once", **account(server, vision) | token)
    assert code == 4
    assert errors.splitlines()[-1] == (
        "alternator run: the token in [mastodon] access_token lacks the scope write:statuses; "
        "create one with read:accounts read:statuses write:statuses (Preferences, Development)"
    )


def test_a_token_that_may_not_write_ends_a_single_pass_where_scopes_are_not_told(
    command: Command, vision: VisionServer, picture: Path
):
    with SandboxServer(settings=Settings.of("mastodon-4.2")) as server:
        server.post("Look", files=[picture])
        token = {"ALTERNATOR_MASTODON_ACCESS_TOKEN": "sandbox-read-only"}
        code, errors = command.run("run", "--once", **account(server, vision) | token)
    assert code == 4
    assert errors.splitlines()[-1] == (
        f"alternator run: {server.url} refuses this to the access token; it needs the scopes "
        f"read:accounts read:statuses write:statuses, on some servers write:media too "
        f"(docs/servers.md), and the account must not be suspended "
        f"(it says: This action is outside the authorized scopes)"
    )


def test_a_memory_of_a_later_version_is_refused_by_name(
    command: Command, server: SandboxServer, vision: VisionServer
):
    assert command.run("run", "--once", **account(server, vision))[0] == 0
    path = command.folder / "state" / "state.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    code, errors = command.run("run", "--once", **account(server, vision))
    assert (code, errors) == (
        ExitCode.STATE,
        f"alternator run: the state file {path} is from another version of Alternator (schema 99, "
        f"this one has {SCHEMA.version}); use that version, or move the file away to start "
        f"afresh\n",
    )


def test_a_missing_model_is_one_line(command: Command, server: SandboxServer, vision: VisionServer):
    code, errors = command.run(
        "run",
        **account(server, vision),
        ALTERNATOR_WHISPER_ENABLED="true",
        ALTERNATOR_WHISPER_MODEL="/nowhere/model.pt",
    )
    assert code == 5
    last = errors.splitlines()[-1]
    assert last.startswith("alternator run: ")
    assert "/nowhere/model.pt" in last
    assert "Traceback" not in errors


def test_a_state_directory_that_can_not_be_written_is_one_line(
    command: Command, server: SandboxServer, vision: VisionServer
):
    (command.folder / "file").write_text("")
    code, errors = command.run(
        "run", **account(server, vision), ALTERNATOR_STATE_DIR=str(command.folder / "file")
    )
    assert (code, errors) == (
        2,
        f"alternator run: the state directory {command.folder / 'file'} can't be written to: "
        f"File exists; make it writable for this user, or set [state] directory to one that is\n",
    )


def test_a_single_pass_says_what_it_is_and_does(
    command: Command, server: SandboxServer, vision: VisionServer, picture: Path, clip: Path
):
    status = server.post("Look", files=[picture, picture], descriptions=["Here is one"])
    sound = server.post("Listen", files=[clip])
    code, errors = command.run("run", "--once", **account(server, vision))
    assert code == 0
    lines = [re.sub(r"^\S+ ", "", line) for line in errors.splitlines()]
    attachment = status["media_attachments"][1]["id"]
    assert re.fullmatch(
        rf"info  described post {status['id']}, attachment {attachment}, in \d+\.\d s", lines.pop(4)
    )
    held = in_words()  # by what this machine's kernel has
    assert lines == [
        f"info  account: demo@{server.url.removeprefix('http://')}, descriptions up to 1500 "
        f"characters",
        f"{'warn ' if ' off: ' in held else 'info '} decoders: {held}",
        "info  what is said in audio and video: not heard, [whisper] enabled is false",
        f"info  pictures: pixels at {vision.base_url}",
        "info  done: 1 described, 0 left alone, 0 failed",
    ]
    assert server.descriptions(sound["id"]) == [None]


def test_without_an_endpoint_pictures_are_left_alone(command: Command, server: SandboxServer):
    code, errors = command.run(
        "run",
        "--once",
        ALTERNATOR_MASTODON_INSTANCE_URL=server.url,
        ALTERNATOR_MASTODON_ACCESS_TOKEN=server.token,
    )
    assert code == 0
    assert (
        "pictures: not described; set [vision] api_key, or base_url for an endpoint of your own"
    ) in errors


@pytest.mark.parametrize(
    "name", ["ALTERNATOR_OPENROUTER_BASE_URL", "ALTERNATOR_MASTODON_INSTANCE_URL"]
)
def test_a_password_within_an_address_is_refused_and_not_shown(
    command: Command, server: SandboxServer, vision: VisionServer, name: str
):
    variables = account(server, vision)
    address = variables[name].replace("//", "//me:a-secret-word@")
    code, errors = command.run("run", "--once", **variables | {name: address})
    assert code == ExitCode.USAGE
    assert errors == (
        f"alternator run: {name} must be an address alone: no user or password (what stands before "
        f"an @), and nothing from ? or # on; keys and tokens have keys of their own\n"
    )


def test_a_single_pass_that_leaves_something_undone_says_so_by_its_exit_code(
    command: Command, server: SandboxServer, vision: VisionServer, picture: Path
):
    status = server.post("Look", files=[picture])
    vision.fail(status=500, times=None)
    code, errors = command.run("run", "--once", **account(server, vision))
    assert code == ExitCode.FAILED
    assert errors.splitlines()[-1].endswith("done: 0 described, 0 left alone, 1 failed")
    vision.reset()
    assert server.descriptions(status["id"]) == [None]


def test_pictures_that_wait_for_the_endpoint_wait_no_longer_than_until_it_answers(
    command: Command, server: SandboxServer, vision: VisionServer, picture: Path
):
    waiting = [server.post(f"Look {number}", files=[picture]) for number in range(3)]
    vision.fail(status=500, times=None)
    code, errors = command.run("run", "--once", **account(server, vision))
    assert (code, errors.count("again in 60 s")) == (ExitCode.FAILED, 3)
    vision.reset()
    new = server.post("Look", files=[picture])
    code, errors = command.run("run", "--once", **account(server, vision))
    assert code == 0, errors
    assert errors.splitlines()[-1].endswith("done: 4 described, 0 left alone, 0 failed")
    assert all(server.descriptions(post["id"]) != [None] for post in [new, *waiting])


def test_a_person_can_say_that_editing_goes_on(
    command: Command, server: SandboxServer, vision: VisionServer, picture: Path
):
    assert command.run("run", "--once", **account(server, vision))[0] == 0
    with (
        opened(command.folder / "state", clock=time.time) as store,
        closing(sqlite3.connect(command.folder / "state" / "state.sqlite3")) as db,
    ):
        key = db.execute("SELECT server, remote_id FROM account").fetchone()
        store.use_account(*key).halt("post 5 lost its text")
    status = server.post("Look", files=[picture])
    command.run("run", "--once", **account(server, vision))
    assert server.descriptions(status["id"]) == [None]
    code, errors = command.run("run", "--once", "--resume-editing", **account(server, vision))
    assert code == 0
    assert (
        "warn  editing goes on, as was asked for; it had been stopped: post 5 lost its text"
    ) in errors
    assert "320 by 200" in str(server.descriptions(status["id"])[0])
    code, errors = command.run("run", "--once", "--resume-editing", **account(server, vision))
    assert "info  editing was not stopped; there is nothing to resume" in errors


def test_given_up_attachments_can_be_tried_again(
    command: Command, server: SandboxServer, vision: VisionServer
):
    code, errors = command.run("run", "--once", "--retry-failed", **account(server, vision))
    assert code == 0
    assert "trying again 0 attachments that were given up" in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_seconds(
    command: Command, server: SandboxServer, vision: VisionServer, picture: Path, number: int
):
    vision.fail(hang=True)  # in the middle of its work
    process = command.start("run", **account(server, vision))
    wait_for(server.open_streams)
    status = server.post("Look", files=[picture])
    wait_for(vision.requests)
    started = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - started < 5
    assert process.returncode == 0
    assert errors.splitlines()[-1].endswith("info  stopped")
    assert "Traceback" not in errors
    # Nothing is lost by it.
    code, _ = command.run("run", "--once", **account(server, vision))
    assert code == 0
    assert "320 by 200" in str(server.descriptions(status["id"])[0])


def test_a_bot_that_is_killed_takes_its_work_up_again(
    command: Command, server: SandboxServer, vision: VisionServer, picture: Path
):
    vision.fail(hang=True)
    process = command.start("run", **account(server, vision))
    wait_for(server.open_streams)
    status = server.post("Look", files=[picture])
    wait_for(vision.requests)
    process.kill()
    process.communicate()
    command.run("run", "--once", **account(server, vision))
    assert "320 by 200" in str(server.descriptions(status["id"])[0])
    assert len(server.requests(method="PUT")) == 1


def test_a_bot_that_is_killed_in_the_middle_of_an_edit_repeats_nothing(
    command: Command, server: SandboxServer, vision: VisionServer, picture: Path
):
    # The server has made the edit, and the bot has not heard of it.
    server.fail("/api/v1/statuses/*", method="PUT", after=True, hang=True)
    process = command.start("run", **account(server, vision))
    wait_for(server.open_streams)
    status = server.post("Look", files=[picture])
    server.wait_until_described(status["id"])
    process.kill()
    process.communicate()
    code, errors = command.run("run", "--once", **account(server, vision))
    assert code == 0
    assert "it has a description by now" in errors
    assert len(server.requests(method="PUT")) == 1


def test_a_server_that_hangs_in_an_edit_does_not_hold_up_the_end(
    command: Command, server: SandboxServer, vision: VisionServer, picture: Path
):
    command.before = SHORT_SHIELD
    hung = server.fail("/api/v1/statuses/*", method="PUT", hang=True)
    process = command.start("run", **account(server, vision))
    wait_for(server.open_streams)
    server.post("Look", files=[picture])
    wait_for(lambda: hung.times == 0)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert process.returncode == 0
    assert errors.splitlines()[-1].endswith("info  stopped")


def test_its_health_can_be_asked_for(command: Command, server: SandboxServer, vision: VisionServer):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command.environ["ALTERNATOR_HEALTH_PORT"] = port
    assert command.run("health")[0] == 1
    command.start("run", **account(server, vision))
    wait_for(lambda: command.run("health")[0] == 0)
    process = command.start("health")
    output, _ = process.communicate(timeout=30)
    report = json.loads(output)
    assert (report["status"], report["worker"]) == ("ok", "disabled")


def test_speech_is_described_by_a_real_whisper(
    command: Command,
    server: SandboxServer,
    vision: VisionServer,
    speak: Callable[..., Path],
    checkpoint: Path,
):
    names = {".mp3", ".ogg", ".m4a", ".wav", ".flac", ".mp4"}
    ended = command.start(
        "run",
        **account(server, vision),
        ALTERNATOR_WHISPER_ENABLED="true",
        ALTERNATOR_WHISPER_MODEL=str(checkpoint),
    )
    wait_for(server.open_streams, timeout_s=120)
    posts = {
        suffix: server.post(
            "Listen",
            files=[speak("Winter is coming soon.", suffix=suffix)],
            spoiler_text="Weather",
            sensitive=True,
            language="en",
            visibility="unlisted",
        )
        for suffix in sorted(names)
    }
    for suffix, before in posts.items():
        (description,) = server.wait_until_described(before["id"], seconds=60)
        said, _, attribution = description.rpartition("\n\n")
        if suffix == ".mp4":  # with a picture, all of it dark blue
            seen, _, said = said.partition("\n\n")
            assert "almost entirely dark blue" in seen
            assert said == "What is said: Winter is coming soon."
            assert attribution == "Described by pixels · Transcribed by Whisper fixture"
        else:
            assert said == "Winter is coming soon.", suffix
            assert attribution == "Transcribed by Whisper fixture"
        after = server.status(before["id"])
        assert after["content"] == before["content"]
        assert (after["spoiler_text"], after["sensitive"]) == ("Weather", True)
        assert (after["language"], after["visibility"]) == ("en", "unlisted")
    assert len(server.requests(method="PUT")) == len(names)
    ended.send_signal(signal.SIGTERM)
    ended.communicate(timeout=30)
    assert ended.returncode == 0


@pytest.mark.parametrize("path", ["/api/v1/accounts/verify_credentials", "/api/*/instance"])
def test_a_server_that_is_known_is_waited_for(make_bot: MakeBot, server: SandboxServer, path: str):
    bot = make_bot()
    bot.once()
    server.fail(path, status=503, times=6)
    bot.start()
    wait_for(server.open_streams)
    bot.end()


def test_a_server_that_is_not_known_is_waited_for_while_it_has_trouble(
    make_bot: MakeBot, server: SandboxServer
):
    trouble = server.fail("/api/v1/accounts/verify_credentials", status=503, times=6)
    bot = make_bot().start()
    wait_for(server.open_streams)
    assert trouble.times == 0
    bot.end()


def test_something_else_at_an_address_that_is_not_known_ends_the_start(
    make_bot: MakeBot, server: SandboxServer
):
    server.fail("/api/v1/accounts/verify_credentials", spoil="html", times=None)
    bot = make_bot().start()
    with pytest.raises(ServerError):
        end_of(bot)


@pytest.mark.parametrize("address", ["https://nowhere.invalid", "{https}"], ids=str)
def test_nobody_at_an_address_that_is_not_known_ends_the_start(
    make_bot: MakeBot, server: SandboxServer, address: str
):
    given = address.format(https=server.url.replace("http:", "https:"))
    bot = make_bot(mastodon={"instance_url": given}).start()
    with pytest.raises(UnreachableError):
        end_of(bot)


def test_a_server_that_is_not_known_and_down_is_waited_for(
    make_bot: MakeBot, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """As after a power cut, when the bot is up first: its health has no say in that."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        bot = make_bot(mastodon={"instance_url": f"http://127.0.0.1:{port}"}).start()
        wait_for(lambda: "can't be reached (no connection)" in caplog.text)
    with SandboxServer(port=port) as server:
        wait_for(server.open_streams)
        bot.end()


def test_a_token_that_is_refused_for_a_while_does_not_end_a_running_bot(
    make_bot: MakeBot, server: SandboxServer, picture: Path
):
    bot = make_bot(mastodon={"poll_interval_seconds": 15}).start()
    wait_for(server.open_streams)
    fault = server.fail("/api/v1/accounts/*/statuses", status=401, times=1)
    wait_for(lambda: fault.times == 0)
    status = server.post("Look", files=[picture])
    server.wait_until_described(status["id"])
    bot.end()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No long waits for a lock: they are in a machine's own time."""
    monkeypatch.setattr("alternator.store.sqlite.database.BUSY_MILLISECONDS", 50)
    monkeypatch.setattr("alternator.bot.starting.PATIENCE_SECONDS", 0.0)


def edits(server: SandboxServer) -> int:
    return len(server.requests(method="PUT"))


def said(caplog: pytest.LogCaptureFixture, words: str) -> int:
    """In how many messages of the store words are."""
    return sum(
        words in record.getMessage()
        for record in caplog.records
        if record.name == "alternator.store.sqlite.database"
    )


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("when", ["before", "in the middle"])
def test_another_programs_lock_ends_nothing(
    make_bot: MakeBot,
    server: SandboxServer,
    clip: Path,
    caplog: pytest.LogCaptureFixture,
    when: str,
):
    caplog.set_level(logging.INFO, "alternator")
    bot = make_bot().start()
    wait_for(server.open_streams)
    if when == "in the middle":
        bot.transcriber.gate.clear()
        status = server.post("Listen", files=[clip])
        assert bot.transcriber.reached.wait(20)
    with holding(bot.config.state.directory / STATE_FILE):
        if when == "in the middle":
            # What goes into a post is written down before it is sent: this waits for the lock.
            bot.transcriber.gate.set()
        else:
            status = server.post("Listen", files=[clip])
        wait_for(lambda: said(caplog, "is locked by another program"))
    wait_for(lambda: [state for state, *_ in bot.rows()] in (["described"], ["left"]))
    bot.end()
    assert server.descriptions(status["id"]) != [None]
    assert edits(server) == 1
    assert said(caplog, "is locked by another program") == 1
    assert said(caplog, "can be written again") == 1


@pytest.mark.usefixtures("hasty")
def test_a_full_disk_ends_nothing(
    make_bot: MakeBot,
    server: SandboxServer,
    clip: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
):
    with small_disk(tmp_path / "disk") as disk:
        bot = make_bot()
        bot.config = replace(bot.config, state=StateSettings(directory=disk / "state"))
        bot.once()
        bot.start()
        wait_for(server.open_streams)
        fill(disk)
        status = server.post("Listen", files=[clip])
        wait_for(lambda: said(caplog, "since its disk is full"))
        assert server.descriptions(status["id"]) == [None]
        make_room(disk)
        server.wait_until_described(status["id"])
        bot.end()
    assert edits(server) == 1
    assert said(caplog, "since its disk is full") == 1


def damage(path: Path) -> None:
    """Spoil a state file that is in use."""
    with closing(sqlite3.connect(path)) as db:  # what the bot keeps in its memory is old by this
        db.execute("UPDATE account SET edits = edits + 1")
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))


def ends_of_damage(bot: Any, server: SandboxServer, path: Path) -> None:
    """Started again it says so, and with a new file nothing is edited twice."""
    with pytest.raises(StateError, match="is damaged"):
        bot.once()
    path.rename(path.with_name("moved"))
    bot.once()
    bot.end()
    assert edits(server) == 1


def test_a_file_that_is_damaged_in_an_edit_ends_the_bot_and_harms_nothing(
    make_bot: MakeBot, server: SandboxServer, picture: Path, monkeypatch: pytest.MonkeyPatch
):
    bot = make_bot()
    bot.once()
    path = bot.config.state.directory / STATE_FILE
    bot.start()
    wait_for(server.open_streams)
    edit = server.sandbox.posting.edit

    def damaging(*arguments: Any, **named: Any) -> Any:
        monkeypatch.undo()
        damage(path)
        return edit(*arguments, **named)

    monkeypatch.setattr(server.sandbox.posting, "edit", damaging)
    status = server.post("Look", files=[picture])
    with pytest.raises(StateError, match="is damaged"):
        end_of(bot)
    assert server.descriptions(status["id"]) != [None]
    ends_of_damage(bot, server, path)


def test_a_file_that_is_damaged_while_a_clip_is_transcribed_ends_the_bot_before_the_edit(
    make_bot: MakeBot, server: SandboxServer, clip: Path
):
    bot = make_bot()
    bot.once()
    path = bot.config.state.directory / STATE_FILE
    bot.start()
    wait_for(server.open_streams)
    bot.transcriber.gate.clear()
    status = server.post("Listen", files=[clip])
    assert bot.transcriber.reached.wait(20)
    damage(path)
    with pytest.raises(StateError, match="is damaged"):
        end_of(bot)
    assert server.descriptions(status["id"]) == [None]
    bot.transcriber.gate.set()
    ends_of_damage(bot, server, path)
    assert server.descriptions(status["id"]) != [None]


def end_of(bot: Any) -> None:
    """Wait until a bot has ended by itself, and raise what it ended with."""
    wait_for(lambda: bot.error is not None)
    error, bot.error = bot.error, None
    raise error


DEFECT = """
import alternator.bot.run as run
def opened(*_, **__):
    raise ZeroDivisionError("a defect of ours")
run.open_store = opened
"""


def test_a_defect_leaves_its_trace_in_the_log(
    server: SandboxServer, vision: VisionServer, command: Command
) -> None:
    command.before = DEFECT
    code, errors = command.run("run", **account(server, vision))
    assert code == ExitCode.INTERNAL
    trace, line = errors.splitlines()
    assert "the bot ends for a defect of its own; please report this | Traceback" in trace
    assert "in opened" in trace
    assert line.startswith("alternator run: this should not have happened: ZeroDivisionError: ")


def test_a_speech_server_is_asked_and_the_own_worker_while_it_is_away(
    command: Command,
    server: SandboxServer,
    vision: VisionServer,
    speak: Callable[..., Path],
    checkpoint: Path,
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("whisper")
    token = command.folder / "token"
    token.write_text("keep-this-quiet\n")
    with speech_server() as gone:
        port = int(gone.url.rsplit(":", 1)[1].partition("/")[0])
    variables = account(server, vision) | {
        "ALTERNATOR_WHISPER_ENABLED": "true",
        "ALTERNATOR_WHISPER_MODEL": str(checkpoint),
        "ALTERNATOR_WHISPER_SERVER_URL": gone.url,
        "ALTERNATOR_WHISPER_SERVER_TOKEN_FILE": str(token),
        "ALTERNATOR_WHISPER_SERVER_MODEL": "whisper-1",
        "ALTERNATOR_LOG_LEVEL": "debug",
    }
    first = server.post("Listen", files=[speak("Winter is coming soon.")])["id"]
    code, errors = command.run("run", "--once", **variables)
    assert code == 0, errors
    assert server.descriptions(first) == [
        "Winter is coming soon.\n\nTranscribed by Whisper fixture"
    ]
    away = f"{gone.url} can't be reached; start that server, or correct [whisper] server_url"
    assert errors.count(away) == 1, "said once"
    second = server.post("Listen", files=[speak("Winter is coming soon.", suffix=".ogg")])["id"]
    with speech_server(port) as running:
        running.token = "keep-this-quiet"
        code, more = command.run("run", "--once", **variables)
    assert code == 0, more
    assert server.descriptions(second) == ["Hello, dear world. (Yes!)\n\nTranscribed by whisper-1"]
    (asked,) = running.asked
    assert asked.token == "keep-this-quiet" and asked.fields["model"] == ["whisper-1"]
    assert "keep-this-quiet" not in errors + more
