"""Checks by hash, and by reading."""

import os
from pathlib import Path

import pytest
from model_server import ModelServer

from alternator.errors import ModelError
from alternator.models.catalog import NamedModel
from alternator.models.store import locate, obtain
from alternator.models.verify import verified
from alternator.progress import SILENT

FIXTURE = Path(__file__).parents[3] / "sandbox" / "whisper" / "fixture.pt"


def test_one_of_openais(known: NamedModel, server: ModelServer, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not here; get it with: alternator models pull tiny"):
        verified(locate("tiny", tmp_path), SILENT)
    obtain("tiny", tmp_path, mirror=server.url, progress=SILENT)
    path = tmp_path / "tiny.pt"
    assert verified(locate("tiny", tmp_path), SILENT) == f"whole ({path})"
    state = path.stat()
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)

    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))  # as a rotting disk leaves it
    with pytest.raises(ModelError, match=r"damaged or incomplete: its SHA-256 .* pull tiny"):
        verified(locate("tiny", tmp_path), SILENT)


def test_one_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.pt").write_bytes(FIXTURE.read_bytes())
    assert verified(locate("mine", tmp_path), SILENT) == (
        f"readable ({tmp_path}/mine.pt): openai-whisper checkpoint, 2 + 2 layers of 64, "
        f"99 languages, float16"
    )
    (tmp_path / "mine.pt").write_bytes(b"x")
    with pytest.raises(ModelError, match="damaged"):
        verified(locate("mine", tmp_path), SILENT)
