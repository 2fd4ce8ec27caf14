"""Real children that misbehave in every way."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alternator.media.child import Bounds, ending, run_bounded, start_bounded
from alternator.media.confined.reach import Reach
from alternator.progress import Progress

MIB = 1024 * 1024
PLENTY = Bounds(seconds=60, memory=1024 * MIB, output=MIB)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_what_a_child_says_is_handed_over():
    ended = run_bounded(
        python("import sys; print('words'); print('noise', file=sys.stderr)"), PLENTY
    )
    assert (ended.how, ended.output) == ("done", b"words\n")


def test_its_complaints_are_handed_over_where_they_are_asked_for():
    ended = run_bounded(python("import sys; sys.exit('noise')"), PLENTY, errors=True)
    assert (ended.how, ended.output) == ("failed", b"noise\n")


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("raise SystemExit(3)", "failed"),
        ("import os; os.abort()", "crashed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "time"),
        ("while True: print('x' * 100000)", "output"),
        ("x = bytearray(2000 * 1024 * 1024)", "failed"),
    ],
)
def test_how_it_ended(code: str, how: str):
    assert run_bounded(python(code), PLENTY).how == how


@pytest.mark.parametrize("code", ["import time; time.sleep(600)", "while True: pass"])
def test_a_child_that_hangs_is_ended_in_time(code: str):
    started = time.monotonic()
    bounds = Bounds(seconds=1, memory=1024 * MIB, output=MIB)
    assert run_bounded(python(code), bounds).how == "time"
    assert time.monotonic() - started < 10


def test_one_that_closes_its_output_and_stays_is_ended_too():
    code = "import os, time; os.close(1); time.sleep(600)"
    started = time.monotonic()
    assert run_bounded(python(code), Bounds(seconds=60, memory=1024 * MIB, output=1)).how == "time"
    assert time.monotonic() - started < 20


def test_it_writes_no_file_larger_than_allowed(tmp_path: Path):
    code = f"open({str(tmp_path / 'file')!r}, 'wb').write(bytes(99999))"
    bounds = Bounds(seconds=60, memory=1024 * MIB, output=MIB, file=1024)
    reach = Reach(writes=(str(tmp_path),))
    assert run_bounded(python(code), bounds, reach=reach).how != "done"
    assert (tmp_path / "file").stat().st_size <= 1024


def test_no_secret_of_the_bot_is_in_its_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALTERNATOR_MASTODON_ACCESS_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    ended = run_bounded(python("import os; print(sorted(os.environ))"), PLENTY)
    assert b"PATH" in ended.output
    assert b"TOKEN" not in ended.output and b"KEY" not in ended.output


def test_out_of_memory_the_kernel_takes_it_first():
    child = start_bounded(python("import time; time.sleep(600)"), PLENTY, errors=subprocess.DEVNULL)
    with ending(child):
        score = Path(f"/proc/{child.pid}/oom_score_adj")
        # Where it may not be changed, it is what it was.
        assert score.read_text() == "1000\n" or not os.access(score, os.W_OK)


def test_open_files_are_handed_on(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"content")
    with (tmp_path / "file").open("rb") as file:
        number = file.fileno()
        code = f"import os; os.write(1, os.read({number}, 100))"
        ended = run_bounded(python(code), PLENTY, files=[number])
    assert ended.output == b"content"


def test_a_child_ends_with_the_one_who_waits_for_it(tmp_path: Path):
    class Stop(Progress):
        def beat(self) -> None:
            if mark.exists():
                raise KeyboardInterrupt

    mark = tmp_path / "pid"
    code = f"import os, time; print(os.getpid(), file=open({str(mark)!r}, 'w')); time.sleep(600)"
    bounds = Bounds(seconds=60, memory=1024 * MIB, output=1, file=512)
    with pytest.raises(KeyboardInterrupt):
        reach = Reach(writes=(str(tmp_path),))
        run_bounded(python(code), bounds, reach=reach, progress=Stop())
    # It may have had no time to write its number; nothing of ours is left in any case.
    number = mark.read_text().strip()
    assert not number or not Path(f"/proc/{number}").exists()


def test_what_is_not_there_fails():
    assert run_bounded(["/nowhere/at-all"], PLENTY).how == "failed"


def test_where_the_kernel_tells_no_end_it_is_looked_for(monkeypatch: pytest.MonkeyPatch):
    def refused(pid: int) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", refused)
    assert run_bounded(python("raise SystemExit(3)"), PLENTY).how == "failed"
    stays = "import os, time; os.close(1); time.sleep(600)"
    assert run_bounded(python(stays), Bounds(seconds=1, memory=1024 * MIB, output=1)).how == "time"
