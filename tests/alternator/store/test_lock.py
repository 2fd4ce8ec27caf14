import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from alternator.errors import ConfigError
from alternator.store.lock import is_locked, locked, unreadable, unwritable

HOLD = """
import sys
from pathlib import Path
from alternator.store.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""

LOOK = """
import sys
from pathlib import Path
from alternator.store.lock import is_locked
print("looking", flush=True)
while True:
    is_locked(Path(sys.argv[1]))
"""


def test_a_directory_is_one_bots(tmp_path: Path):
    with locked(tmp_path / "state"):
        with pytest.raises(ConfigError) as caught, locked(tmp_path / "state"):
            pass
        assert str(caught.value) == (
            f"another bot is at work in {tmp_path / 'state'}; end it, or give this one a "
            f"[state] directory of its own"
        )
        with locked(tmp_path / "another"):
            pass
    with locked(tmp_path / "state"):
        pass


def test_a_process_that_is_killed_leaves_no_lock(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match="another bot"), locked(tmp_path):
            pass
        process.kill()
        process.wait(10)
    with locked(tmp_path):
        pass


def test_a_directory_that_can_not_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    message = r"set \[state\] directory to one that is"
    with pytest.raises(ConfigError, match=message), locked(tmp_path / "file"):
        pass


def test_who_may_not_write_is_told():
    """In a container that is nobody whom the operator sees."""
    denied = PermissionError(errno.EACCES, "Permission denied")
    said = unwritable(Path("/state"), denied)
    assert f"can't be written to: Permission denied (as user {os.geteuid()}); make it" in said
    assert "as user" not in unwritable(Path("/state"), OSError(errno.EROFS, "Read-only"))


def test_who_looks_whether_a_bot_is_at_work_keeps_none_from_starting(tmp_path: Path):
    assert not is_locked(tmp_path)
    with locked(tmp_path):
        assert is_locked(tmp_path)
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", LOOK, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "looking\n"
        for _ in range(50):
            with locked(tmp_path):
                pass
        process.kill()


def test_who_may_not_look_is_told():
    message = unreadable(Path("/state"), PermissionError(errno.EACCES, "Permission denied"))
    assert message == (
        f"the state directory /state can't be looked into: Permission denied (as user "
        f"{os.geteuid()}); run this as the bot's user"
    )
