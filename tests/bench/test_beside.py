"""The bench of a clip beside long files: that it runs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.beside import figures
from bench.serve_process import Server
from bench.whisper import audio
from bench.whisper.figures import Setup
from tests.real.speech import SAMPLE_RATE, samples

Speak = Callable[..., Path]


def test_the_files_are_under_way_while_the_clip_is_answered(
    speak: Speak, checkpoint: Path, tmp_path: Path
) -> None:
    pytest.importorskip("whisper")
    clip = speak("Captions help everyone understand.")
    quiet = np.zeros(20 * SAMPLE_RATE, np.float32)  # what stands side by side is tried again
    sound = np.concatenate([samples(clip), quiet])
    file = audio.write(tmp_path / "long.wav", np.tile(sound, 60))
    with Server(Setup(folder=tmp_path, threads=1), checkpoint) as server:
        lines = list(figures(server.ready(), clip, file, 2))
    under_way, alone, median, most = (line.value for line in lines)
    assert under_way == 2, "or the figures say nothing"
    assert alone is not None and median is not None and most is not None
    assert alone > 0 and 0 < median <= most
