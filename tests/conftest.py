"""What the tests of every package share: speech and other media, made with real tools."""

import logging
import os
import shutil
import signal
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clock import Clock
from loopback import free_port
from postgres import PostgresServer, postgres_server, programs

from alternator.config.database import DatabaseSettings

CHECKPOINT = Path(__file__).parents[1] / "sandbox" / "whisper" / "fixture.pt"
CODECS = {".ogg": ["-c:a", "libopus", "-b:a", "32k"], ".m4a": ["-c:a", "aac", "-b:a", "64k"]}

Speak = Callable[..., Path]


# Tests side by side have more threads than there are processors: one that waits for the others of
# its computation must not keep a processor busy. OpenMP reads it when torch is imported.
# https://gcc.gnu.org/onlinedocs/libgomp/GOMP_005fSPINCOUNT.html
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "0")

# Of a large table of cases, each of which is a whole run of a bot, a usual run takes a part of so
# many: which one, the commit says, so that all are run again and again.
TABLE_PARTS = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--tables``: how much of the large tables."""
    parser.addoption(
        "--tables",
        choices=("whole", "part"),
        default="whole",
        help=f"the cases of large tables: all, or one of {TABLE_PARTS} parts, by the commit",
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    """Which part is run."""
    if config.getoption("tables") == "whole":
        return None
    return (
        f"large tables: part {part_of_commit() + 1} of {TABLE_PARTS}, by the commit "
        f"(make test WHOLE=1: all)"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what belongs to another part."""
    if config.getoption("tables") == "whole":
        return
    part = part_of_commit()
    left_out = [
        item
        for item in items
        if item.get_closest_marker("table") is not None
        and zlib.crc32(item.nodeid.encode()) % TABLE_PARTS != part
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]


def part_of_commit() -> int:
    """From 0; always the first where there is no repository."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(done.stdout, 16) % TABLE_PARTS if done.returncode == 0 else 0


def pytest_configure() -> None:
    """A run in the background of a script has SIGINT ignored, and so would every process that a
    test starts and interrupts: https://docs.python.org/3.11/library/signal.html#general-rules"""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """What a test, or a bot that it started, set about the log holds for no other test."""
    ours, root = logging.getLogger("alternator"), logging.getLogger()
    levels, handlers = (ours.level, root.level), list(ours.handlers)
    yield
    ours.setLevel(levels[0])
    root.setLevel(levels[1])
    ours.handlers[:] = handlers


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is moved."""
    return Clock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this process's tests; stop none but one of your own."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian's package: postgresql)")
    with postgres_server(free_port()) as server:
        server.make_template()
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[DatabaseSettings]:
    """A database with the tables, for one test."""
    name = postgres.with_tables()
    yield postgres.settings(name, connections=5)
    postgres.drop(name)


@pytest.fixture(scope="session")
def checkpoint() -> Path:
    """The small Whisper checkpoint; sandbox/whisper/manifest.json has the phrases it knows."""
    return CHECKPOINT


@pytest.fixture(scope="session")
def speak(tmp_path_factory: pytest.TempPathFactory) -> Speak:
    """Makes a file of spoken text: ``speak(text, voice="en-us", suffix=".mp3")``."""
    for program in ("espeak-ng", "ffmpeg"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: no speech to transcribe can be made")
    directory = tmp_path_factory.mktemp("speech")
    made: dict[tuple[str, str, str], Path] = {}

    def make(text: str, voice: str = "en-us", suffix: str = ".wav") -> Path:
        key = (text, voice, suffix)
        if key not in made:
            number = len(made)
            sound = directory / f"{number}.wav"
            subprocess.run(
                ["espeak-ng", "-v", voice, "-s", "160", "-w", str(sound), text], check=True
            )
            made[key] = sound if suffix == ".wav" else convert(sound, suffix)
        return made[key]

    return make


def convert(sound: Path, suffix: str) -> Path:
    """The same sound in another format; .mp4 gets a picture track as well."""
    target = sound.with_name(f"{sound.stem}-converted{suffix}")
    picture = ["-f", "lavfi", "-i", "color=navy:s=64x64:r=5"] if suffix == ".mp4" else []
    command = ["ffmpeg", "-v", "error", "-nostdin", *picture, "-i", str(sound), "-shortest"]
    subprocess.run([*command, *CODECS.get(suffix, []), str(target)], check=True)
    return target


@pytest.fixture(scope="session")
def make_media(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a file with ffmpeg: ``make_media("silence.wav", "-f", "lavfi", "-i", ...)``."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")

    def make(name: str, *arguments: str) -> Path:
        target = tmp_path_factory.mktemp("media") / name
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *arguments, str(target)], check=True)
        return target

    return make
