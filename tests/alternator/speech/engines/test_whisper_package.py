"""openai-whisper comes in by one door, without numba, and gives words the same times."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.rooms import CHECKOUT, imported, modules

pytest.importorskip("torch")
pytest.importorskip("whisper")

# Words with their times, as openai-whisper gives them with numba and as it does behind the door.
THEIRS = "import whisper"
OURS = "from alternator.speech.engines.whisper_package import whisper"
WORDS = """
import json, sys, torch
torch.set_num_threads(1)
model = whisper.load_model(sys.argv[1], device="cpu")
for options in ({"beam_size": 5}, {"temperature": 0.5, "language": "en"}):
    torch.manual_seed(0)
    heard = whisper.transcribe(
        model, sys.argv[2], word_timestamps=True, fp16=False, no_speech_threshold=None, **options
    )
    print(json.dumps(heard))
print("numba" in sys.modules)
"""
SPOKEN = "The children are playing in the garden."


def test_nobody_else_imports_it() -> None:
    """But the proof, which has no speech engine, and what trains and rehearses."""
    doors = {
        name
        for name in modules()
        if name.startswith("alternator.")
        and any(other.partition(".")[0] == "whisper" for other in imported(name))
    }
    assert doors == {"alternator.speech.engines.whisper_package"}


def test_words_have_the_very_same_times(checkpoint: Path, speak, tmp_path: Path) -> None:
    pytest.importorskip("numba")
    clip = speak(SPOKEN)
    theirs, ours = (transcripts(code, checkpoint, clip) for code in (THEIRS, OURS))
    assert theirs.pop() == "True" and ours.pop() == "False"
    assert ours == theirs
    words = [word["word"] for s in json.loads(ours[0])["segments"] for word in s["words"]]
    assert "".join(words).strip() == SPOKEN


def transcripts(importing: str, checkpoint: Path, clip: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", importing + WORDS, str(checkpoint), str(clip)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()
