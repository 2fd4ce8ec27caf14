"""The bench of the server: what it reckons, and the server's memory as it measures it."""

from pathlib import Path

import pytest

from bench.serve import LEAST_SECONDS, MOST_SECONDS, Line, lengths
from bench.serve_process import Server, grown_by, memory_of, pieces
from bench.whisper.figures import Setup


def test_the_clips_are_always_the_same() -> None:
    assert lengths(64) == lengths(64)
    assert all(LEAST_SECONDS <= seconds <= MOST_SECONDS for seconds in lengths(64))
    assert 6 < sum(lengths(64)) / 64 < 12


def test_a_line() -> None:
    had = Line(name="a", value=1.234, wanted="at least 1 x")
    assert str(had).split() == ["a", "1.23", "wanted:", "at", "least", "1", "x"]
    missing = Line(name="a", value=None, wanted="1", why="no peers")
    assert str(missing).endswith("open  wanted: 1  (no peers)")


def test_an_upload_is_as_long_as_it_says() -> None:
    assert len(b"".join(pieces(3_000_000))) - len(b"".join(pieces(0))) == 3_000_000


def test_the_servers_memory_does_not_grow_with_an_upload(checkpoint: Path, tmp_path: Path) -> None:
    pytest.importorskip("whisper")
    setup = Setup(folder=tmp_path, threads=1)
    with Server(setup, checkpoint) as server:
        server.ready().send(1_000_000)
        assert memory_of(server.process.pid) > 0
        assert grown_by(server.process.pid, lambda: server.send(200_000_000)) < 30_000_000
