"""What is replaced in openai-whisper is there, in the version that this was written for."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
whisper = pytest.importorskip("whisper")

from alternator.speech.engines import openai_whisper_patches as patches  # noqa: E402
from alternator.speech.spectrogram import spectrogram  # noqa: E402


def test_the_version_is_the_one_that_was_looked_at() -> None:
    assert version("openai-whisper") == patches.VERSION == "20250625", (
        "read openai_whisper_patches.py beside the new version's sources before raising this"
    )


def test_the_names_are_there() -> None:
    assert callable(patches.TRANSCRIBE.log_mel_spectrogram)
    assert callable(patches.TRANSCRIBE.tqdm.tqdm)
    code = patches.TRANSCRIBE.transcribe.__code__
    assert {"seek", "content_frames", "all_segments"} <= {*code.co_varnames, *code.co_cellvars}


def test_they_go_back_afterwards() -> None:
    before = patches.TRANSCRIBE.tqdm, patches.TRANSCRIBE.log_mel_spectrogram
    with pytest.raises(KeyboardInterrupt), patches.listening(lambda *_: None):
        assert patches.TRANSCRIBE.log_mel_spectrogram is spectrogram
        raise KeyboardInterrupt
    after = patches.TRANSCRIBE.tqdm, patches.TRANSCRIBE.log_mel_spectrogram
    assert after == before


def test_another_openai_whisper_is_told_from_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(patches.TRANSCRIBE, "tqdm")
    with (
        pytest.raises(
            patches.OtherVersionError,
            match=r"openai-whisper has no whisper\.transcribe\.tqdm; install version 20250625",
        ),
        patches.listening(lambda *_: None),
    ):
        pytest.fail("it went on")


def test_each_window_is_told_with_the_segments_so_far(checkpoint: Path) -> None:
    windows: list[tuple[float, int]] = []

    def on_window(heard: float, segments: list[Mapping[str, object]]) -> None:
        windows.append((heard, len(segments)))

    noise = np.random.default_rng(0).normal(0, 0.1, 40 * 16_000).astype(np.float32)
    model = whisper.load_model(str(checkpoint))
    with patches.listening(on_window):
        # Nothing is taken for silence here, so that both windows give what they hear.
        result = whisper.transcribe(
            model, noise, language="en", temperature=0.0, no_speech_threshold=None, fp16=False
        )
    assert windows[-1] == (40.0, len(result["segments"]))
    assert [heard for heard, _ in windows] == sorted(heard for heard, _ in windows)
    assert len(windows) >= 2 and len(result["segments"]) >= 2
