"""Byte-code is left for what was imported below the prefix, and outlives copying."""

import importlib
import os
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from images.scripts.finish import rehearse
from tools.rooms import CHECKOUT


def test_only_what_was_imported_below_the_prefix_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("rehearsed", "left_alone"):
        (tmp_path / f"{name}.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "rehearsed", raising=False)
    importlib.import_module("rehearsed")
    try:
        assert rehearse.imported_below(tmp_path) == [tmp_path / "rehearsed.py"]
        assert rehearse.imported_below(tmp_path / "elsewhere") == []
    finally:
        del sys.modules["rehearsed"]


def test_the_byte_code_does_not_depend_on_the_sources_time(tmp_path: Path) -> None:
    """An image's layers give files other times than the build did."""
    source = tmp_path / "module.py"
    source.write_text("value = 1\n")
    size = rehearse.compile_module(source)
    compiled = Path(cache_from_source(str(source)))
    first = compiled.read_bytes()
    assert size == len(first)
    os.utime(source, (0, 0))
    rehearse.compile_module(source)
    assert compiled.read_bytes() == first
    # Flags of https://peps.python.org/pep-0552/: by hash, and not compared with the source.
    assert int.from_bytes(first[4:8], "little") == 0b01


def test_a_module_that_does_not_compile_fails_the_build(tmp_path: Path) -> None:
    source = tmp_path / "broken.py"
    source.write_text("def :\n")
    with pytest.raises(Exception, match="SyntaxError"):
        rehearse.compile_module(source)


def test_noise_goes_all_the_way_through_whisper() -> None:
    """In a process of its own: what is imported there is what the rehearsal imports."""
    pytest.importorskip("whisper")
    code = (
        "import sys; from images.scripts.finish import rehearse; rehearse.transcribe_noise(); "
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    # The detection of the language, the two ways of decoding, and the timestamps of words.
    imported = {*done.stdout.split()}
    assert {"whisper.decoding", "whisper.timing", "tiktoken_ext"} <= imported
    assert "numba" not in imported


def test_what_it_imports_at_start_is_installed_by_our_extras() -> None:
    for name in rehearse.STARTUP_IMPORTS:
        pytest.importorskip(name)
    for name in rehearse.IMAGE_FORMATS:
        importlib.import_module(f"PIL.{name}ImagePlugin")
