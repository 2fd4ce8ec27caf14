"""What comes out of a descriptor that is shut: all that was in it by then, however late."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from alternator.live.tap import CHUNK_BYTES, Tap, held, pump


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_what_was_there_comes_out_and_nothing_that_came_later(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    with closing(Tap(reading, b"head")) as tap:
        os.write(writing, b"before")
        tap.shut()
        os.write(writing, b"after")
        assert b"".join(iter(tap.read, b"")) == b"headbefore"
        assert tap.read() == b""


def test_a_full_pipe_is_read_to_its_end(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.set_blocking(writing, False)
    data = bytes(range(256)) * (4 * CHUNK_BYTES // 256)
    written = os.write(writing, data)
    assert held(reading) == written >= CHUNK_BYTES
    with closing(Tap(reading)) as tap:
        tap.shut()
        assert b"".join(iter(tap.read, b"")) == data[:written]


def test_who_waits_is_woken(pipe: tuple[int, int]) -> None:
    found: list[bytes] = []
    with closing(Tap(pipe[0])) as tap:
        reader = threading.Thread(target=lambda: found.append(tap.read()))
        reader.start()
        tap.shut()
        tap.shut()
        reader.join(10)
        assert found == [b""]


def test_a_file_is_read_no_further(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    path.write_bytes(bytes(10 * CHUNK_BYTES))
    with path.open("rb") as file, closing(Tap(file.fileno())) as tap:
        assert len(tap.read()) == CHUNK_BYTES
        tap.shut()
        assert tap.read() == b""


def test_a_pump_that_is_late_loses_nothing(pipe: tuple[int, int]) -> None:
    """It stands in a full pipe, with sound that it has read and sound that it has not, when the
    tap is shut."""
    reading, writing = pipe
    target, filled = os.pipe()
    data = bytes(range(256)) * (3 * CHUNK_BYTES // 256)
    with closing(Tap(reading)) as tap:
        pumping = threading.Thread(target=pump, args=(tap, filled))
        pumping.start()
        given = memoryview(data)
        while given:
            given = given[os.write(writing, given) :]
        tap.shut()
        with os.fdopen(target, "rb") as pumped:
            assert pumped.read() == data
        pumping.join(10)
        assert not pumping.is_alive()
