"""The whole bot at work, and where others on its machine could see its secrets."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from unprivileged import NOBODY

from alternator.bot import run as run_command
from alternator.errors import ConfigError
from alternator.media.confined import kernel
from alternator.serve import run as serve_command
from sandbox.model.records import TOKENS
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer

TOKEN = "the-token-of-the-account-itself"
KEY = "the-key-of-the-vision-endpoint"
DASHBOARD = "the-token-of-the-dashboard"
SECRETS = (TOKEN, KEY, DASHBOARD)
COMPLETIONS = Path(__file__).parents[3] / "alternator" / "completions" / "alternator.bash"

# In ffmpeg's place: it writes down what can be seen of every process, and becomes ffmpeg.
LOOKS = """#!{python}
import json, os, sys
seen = []
for number in filter(str.isdecimal, os.listdir("/proc")):
    try:
        words = open(f"/proc/{{number}}/cmdline", "rb").read().decode("utf-8", "replace")
        variables = open(f"/proc/{{number}}/environ", "rb").read().decode("utf-8", "replace")
    except OSError:
        continue
    seen.append([int(number), words, variables])
with open({report!r}, "w") as file:
    json.dump([os.getpid(), os.getppid(), seen], file)
os.execv({ffmpeg!r}, ["ffmpeg", *sys.argv[1:]])
"""


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox's account under a token that is as long as real ones are."""
    monkeypatch.setitem(TOKENS, TOKEN, TOKENS[SandboxServer.token])


@pytest.fixture
def looking(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The report of what could be seen, and the environment in which it is written."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed")
    folder, report = tmp_path / "bin", tmp_path / "seen.json"
    folder.mkdir()
    program = folder / "ffmpeg"
    program.write_text(
        LOOKS.format(python=sys.executable, report=str(report), ffmpeg=str(Path(ffmpeg).resolve()))
    )
    program.chmod(0o755)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("ALTERNATOR_")}
    return report, kept | {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.usefixtures("ours")
@pytest.mark.threat("T15")
def test_no_secret_is_seen_by_who_lists_processes_or_reads_the_log(
    server: SandboxServer,
    vision: VisionServer,
    looking: tuple[Path, dict[str, str]],
    make_media: Callable[..., Path],
    tmp_path: Path,
):
    report, environ = looking
    pictures = ("-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=1")
    status = server.post("Look", files=[make_media("clip.mp4", *pictures)])
    done = subprocess.run(
        [sys.executable, "-m", "alternator", "run", "--once", "--log-level", "trace"],
        cwd=tmp_path,
        env=environ
        | {
            "ALTERNATOR_MASTODON_INSTANCE_URL": server.url,
            "ALTERNATOR_MASTODON_ACCESS_TOKEN": TOKEN,
            "ALTERNATOR_MASTODON_BACKFILL_PAUSE": "0",
            "ALTERNATOR_OPENROUTER_BASE_URL": vision.base_url,
            "ALTERNATOR_OPENROUTER_API_KEY": KEY,
            "ALTERNATOR_OPENROUTER_MODEL": "pixels",
            "ALTERNATOR_DASHBOARD_TOKEN": DASHBOARD,
            "ALTERNATOR_HEALTH_PORT": "0",
            "ALTERNATOR_DASHBOARD_PORT": "0",
            "ALTERNATOR_WHISPER_ENABLED": "false",
            "ALTERNATOR_STATE_DIR": str(tmp_path / "state"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert server.descriptions(status["id"]) != [None]
    said = done.stdout + done.stderr
    assert not [secret for secret in SECRETS if secret in said]
    own, bot, seen = json.loads(report.read_text())
    assert {own, bot} <= {number for number, _, _ in seen}
    for number, words, variables in seen:
        assert not [secret for secret in SECRETS if secret in words], words
        # The bot was told in its own environment; whom it starts is not.
        if number != bot:
            assert not [secret for secret in SECRETS if secret in variables], words
    # What it keeps is for its user alone, and holds no secret either.
    for path in (tmp_path / "state", *(tmp_path / "state").rglob("*")):
        facts = path.stat()
        assert not facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or path.name == "downloads", path
        if path.is_file():
            content = path.read_bytes()
            assert not [secret for secret in SECRETS if secret.encode() in content], path


@pytest.mark.threat("T15")
def test_no_option_takes_a_secret():
    """What is given as an option, whoever lists processes reads."""
    options = set(re.findall(r"--[a-z-]+", COMPLETIONS.read_text(encoding="utf-8")))
    named = {one for one in options if re.search("token|key|secret|password", one)}
    # The key of `images sign` is a file's name, or that of a key in a vault.
    assert named == {"--tokens", "--token-file", "--key"}, "name a file instead"


@pytest.mark.threat("T16")
def test_the_memory_of_a_bot_is_nobody_elses():
    """Of another process of the same user: neither its environment nor its memory is read."""
    if not kernel.LINUX or os.geteuid() != 0:
        pytest.skip("needs root, to become two processes of another user")
    holding = (
        "import sys; from alternator.media.confined.kernel import keep_memory_private as keep; "
        "keep() if sys.argv[1] == 'private' else None; print('there', flush=True); sys.stdin.read()"
    )
    looking = (
        "import sys\nfor name in ('environ', 'mem', 'maps'):\n"
        "    try:\n        open(f'/proc/{sys.argv[1]}/{name}', 'rb').read(1); print(name)\n"
        "    except PermissionError: pass\n    except OSError: print(name)\n"
    )
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin")
    if python is None:
        pytest.skip("no Python here that another user may start")
    found = {}
    for how in ("private", "open"):
        process = subprocess.Popen(
            [sys.executable, "-c", BECOME_NOBODY + holding, how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None and process.stdout.readline() == b"there\n"
            found[how] = subprocess.run(
                [python, "-c", BECOME_NOBODY + looking, str(process.pid)],
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            ).stdout.split()
        finally:
            process.communicate()
    assert found == {"private": [], "open": ["environ", "mem", "maps"]}


# Imports first: this user may read nothing of a checkout in root's folders. A change of user
# leaves a process as one that writes no core; an exec would undo that, so it is undone by hand.
BECOME_NOBODY = (
    "import ctypes, os, sys, contextlib, functools; "
    "sys.argv[1] in ('private', 'open') and __import__('alternator.media.confined.kernel'); "
    f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY}); "
    "ctypes.CDLL(None).prctl(4, 1, 0, 0, 0); "
)


@pytest.mark.threat("T16")
def test_whoever_holds_a_token_begins_with_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    begun: list[str] = []
    for command in (run_command, serve_command):
        monkeypatch.setattr(
            command, "keep_memory_private", lambda name=command.__name__: begun.append(name)
        )
    nowhere = str(tmp_path / "nothing.toml")
    with pytest.raises(ConfigError):
        run_command.main(["--config", nowhere])
    with pytest.raises(ConfigError):
        serving(nowhere)
    assert begun == [run_command.__name__, serve_command.__name__]


def serving(config: str) -> Any:
    from alternator.serve.cli import main

    return main(["--config", config])
