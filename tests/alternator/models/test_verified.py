"""Files are read once, and again when they changed."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from alternator.models import verified
from alternator.models.verified import is_noted, is_whole, note_of
from alternator.progress import SILENT

SHA256 = hashlib.sha256(b"model").hexdigest()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read."""
    found: list[Path] = []
    real = verified.pieces_of

    def reading(path: Path) -> Iterator[bytes]:
        found.append(path)
        return real(path)

    monkeypatch.setattr(verified, "pieces_of", reading)
    return found


def test_a_whole_file_is_read_once(tmp_path: Path, reads: list[Path]) -> None:
    path = tmp_path / "base.pt"
    assert not is_whole(path, SHA256, SILENT)
    path.write_bytes(b"model")
    assert [is_whole(path, SHA256, SILENT) for _ in range(3)] == [True] * 3
    assert reads == [path]
    assert is_noted(path, SHA256)


def test_a_changed_file_is_read_again(tmp_path: Path, reads: list[Path]) -> None:
    path = tmp_path / "base.pt"
    path.write_bytes(b"model")
    assert is_whole(path, SHA256, SILENT)
    state = path.stat()
    path.write_bytes(b"mode!")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    assert not is_whole(path, SHA256, SILENT)
    assert len(reads) == 2


def test_a_note_of_another_hash_or_a_damaged_one_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "base.pt"
    path.write_bytes(b"model")
    assert is_whole(path, SHA256, SILENT)
    assert not is_whole(path, "0" * 64, SILENT)
    note_of(path).write_text("{")
    assert not is_noted(path, SHA256)
    assert is_whole(path, SHA256, SILENT)
