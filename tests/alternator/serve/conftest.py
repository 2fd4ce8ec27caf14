"""One server with the small Whisper for all tests that can share it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from running_serve import RunningServe
from waiting import wait_for

from alternator.config.models import WhisperSettings


@pytest.fixture(scope="session")
def whisper_settings(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> WhisperSettings:
    """The small Whisper, and an empty directory of models."""
    pytest.importorskip("whisper")
    models = tmp_path_factory.mktemp("models")
    return WhisperSettings(model=str(checkpoint), model_dir=models, max_duration_minutes=0)


@pytest.fixture(scope="session")
def served(
    whisper_settings: WhisperSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServe]:
    """A server whose model is loaded. Leave it running."""
    with RunningServe(whisper_settings, tmp_path_factory.mktemp("uploads")) as running:
        wait_for(lambda: running.preload.why_not_ready() is None, what="the model")
        yield running
