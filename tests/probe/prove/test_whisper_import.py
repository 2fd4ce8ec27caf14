"""openai-whisper is imported without numba, and numba is as it was afterwards."""

import subprocess
import sys

import pytest

from probe.prove.whisper_import import numba_stood_in
from tools.rooms import CHECKOUT

# As where numba is not installed: whoever looks for it is told so.
WITHOUT_NUMBA = """
import importlib.util, sys
from probe.prove.whisper_import import numba_stood_in
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numba", "llvmlite"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refused())
with numba_stood_in():
    import whisper.timing
    assert importlib.util.find_spec("numba") is not None
print("numba" in sys.modules, "llvmlite" in sys.modules, whisper.timing.dtw_cpu.__name__)
"""


def test_whisper_is_imported_where_there_is_no_numba() -> None:
    pytest.importorskip("torch")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMBA],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("False False dtw_cpu\n", 0), done.stderr


def test_it_is_gone_afterwards_whatever_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    with pytest.raises(KeyboardInterrupt), numba_stood_in():
        assert "numba" in sys.modules
        raise KeyboardInterrupt
    assert "numba" not in sys.modules


def test_one_that_is_there_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    there = type(sys)("numba")
    monkeypatch.setitem(sys.modules, "numba", there)
    with numba_stood_in():
        assert sys.modules["numba"] is there
    assert sys.modules["numba"] is there
