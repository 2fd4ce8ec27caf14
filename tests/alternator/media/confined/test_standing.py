"""What decoders are held by, and that nothing is lost where a hold can't be had."""

import logging
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alternator.media.child import Bounds, run_bounded
from alternator.media.confined import kernel, standing
from alternator.media.confined.landlock import FS_RIGHTS
from alternator.media.confined.reach import Reach, of_program
from alternator.media.confined.standing import Standing, in_words, of_kernel, standing_of
from alternator.media.confined.starting import Held

MIB = 1024 * 1024
PLENTY = Bounds(seconds=60, memory=1024 * MIB, output=MIB)
NOTHING_HELD = Held(seccomp=False, landlock=False)


@pytest.fixture(autouse=True)
def found_out_anew() -> Iterator[None]:
    """What one test lets be found out is no other's."""
    of_kernel.cache_clear()
    standing._tried.cache_clear()
    yield
    of_kernel.cache_clear()
    standing._tried.cache_clear()


def without(monkeypatch: pytest.MonkeyPatch, name: str, number: int, words: str) -> None:
    def refused(*arguments: object) -> int:
        raise OSError(number, words)

    monkeypatch.setattr(kernel, name, refused)


def program(folder: Path, text: str) -> str:
    path = folder / "ffmpeg"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_words():
    assert Standing().in_words() == "seccomp on, landlock on"
    found = Standing(landlock="the kernel has none")
    assert found.in_words() == "seccomp on, landlock off: the kernel has none"
    assert found.held == Held(landlock=False) and not Standing(seccomp="a", landlock="b").held


def test_decoders_start_with_all_that_the_kernel_has():
    best = of_kernel()
    assert standing_of(sys.executable) == best
    if ffmpeg := shutil.which("ffmpeg"):
        assert standing_of(ffmpeg) == best
        assert in_words() == best.in_words()


@pytest.mark.parametrize(
    ("number", "words", "why"),
    [
        (38, "Function not implemented", "the kernel has none"),
        (95, "Operation not supported", "it is switched off in the kernel"),
        (1, "Operation not permitted", "it is refused here (Operation not permitted)"),
    ],
)
def test_without_landlock_the_filter_holds_alone(
    monkeypatch: pytest.MonkeyPatch, number: int, words: str, why: str
):
    filtered = of_kernel().seccomp
    of_kernel.cache_clear()
    without(monkeypatch, "landlock_version", number, words)
    assert standing_of(sys.executable) == Standing(seccomp=filtered, landlock=why)
    assert run_bounded([sys.executable, "-c", "print(1)"], PLENTY).output == b"1\n"
    if not filtered:
        code = "import socket\ntry: socket.socket()\nexcept OSError as e: print(e.errno)"
        assert run_bounded([sys.executable, "-c", code], PLENTY).output == b"1\n"


def test_without_the_filter_the_walls_hold_alone(monkeypatch: pytest.MonkeyPatch):
    walled = of_kernel().landlock
    of_kernel.cache_clear()
    without(monkeypatch, "install_filter", 22, "Invalid argument")
    found = standing_of(sys.executable)
    assert found == Standing(seccomp="it is refused here (Invalid argument)", landlock=walled)
    assert run_bounded([sys.executable, "-c", "print(1)"], PLENTY).output == b"1\n"


def test_where_nothing_can_be_had_a_child_has_its_limits_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
):
    without(monkeypatch, "refuse_new_privileges", 22, "Invalid argument")
    assert not standing_of(sys.executable).held
    code = "import resource as r; print(r.getrlimit(r.RLIMIT_AS)[0], r.getrlimit(r.RLIMIT_CORE)[0])"
    ended = run_bounded([sys.executable, "-c", code], PLENTY)
    assert ended.output == f"{PLENTY.memory} 0\n".encode()
    assert run_bounded([sys.executable, "-c", "x = bytearray(2 << 30)"], PLENTY).how == "failed"


def test_a_script_is_not_walled_in_since_it_starts_others(tmp_path: Path):
    script = program(tmp_path, "#!/bin/sh\ncat /etc/passwd >/dev/null && echo heard\n")
    assert standing_of(script) == Standing(
        seccomp=of_kernel().seccomp, landlock=of_kernel().landlock or "ffmpeg is a script here"
    )
    assert run_bounded([script], PLENTY).output == b"heard\n"


def test_a_program_that_does_not_start_behind_walls_goes_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    if of_kernel().landlock:
        pytest.skip(f"no landlock here: {of_kernel().landlock}")
    # As one whose libraries lie where nobody looks for them.
    real = of_program

    def bare(name: str) -> Reach | None:
        found = real(name)
        return None if found is None else Reach(runs=found.runs)

    monkeypatch.setattr(standing, "of_program", bare)
    with caplog.at_level(logging.WARNING, "alternator.media"):
        found = standing_of(sys.executable)
    name = Path(sys.executable).name
    assert found == Standing(seccomp=of_kernel().seccomp, landlock=f"{name} does not start with it")
    assert "decodes without what should hold it: seccomp on, landlock off" in caplog.text
    standing_of(sys.executable)
    assert len(caplog.records) == 1


def test_one_that_does_not_start_at_all_stays_held(tmp_path: Path):
    broken = tmp_path / "ffmpeg"
    false = shutil.which("false")
    assert false is not None
    shutil.copy(false, broken)
    assert standing_of(str(broken)) == of_kernel()


def test_one_that_can_not_be_limited_from_outside_is_limited_from_within(
    monkeypatch: pytest.MonkeyPatch,
):
    def refused(pid: int, what: int, most: tuple[int, int]) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("resource.prlimit", refused)
    assert standing_of(sys.executable).held == NOTHING_HELD
    code = "import resource as r; print(r.getrlimit(r.RLIMIT_AS)[0])"
    ended = run_bounded([sys.executable, "-c", code], PLENTY)
    assert ended.output == f"{PLENTY.memory}\n".encode()


def test_a_kernel_of_any_version_is_asked_for_what_it_knows():
    assert FS_RIGHTS == (13, 14, 15, 15, 16)


def test_it_is_said_once_at_a_start(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "alternator.media"):
        standing.say_how_decoders_are_held()
    (record,) = caplog.records
    words = record.getMessage()
    assert words.startswith("decoders: ")
    assert (record.levelno == logging.WARNING) == (" off: " in words)
