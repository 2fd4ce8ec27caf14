"""What this project relies on inside openai-whisper beside its interface, and replaces in it.

Written for openai-whisper 20250625; a test fails on any other. Its sources:
https://github.com/openai/whisper/blob/v20250625/whisper/__init__.py
https://github.com/openai/whisper/blob/v20250625/whisper/transcribe.py

Replaced, while it transcribes: the spectrogram of a long clip (see ``spectrogram.py``), and the
progress bar over windows, which is the one thing that hears of each window as it is done. A
replaced name goes back afterwards.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, ModuleType, SimpleNamespace
from typing import NoReturn

import tqdm

from alternator.errors import ModelError
from alternator.speech.engines.whisper_package import FRAMES_PER_SECOND
from alternator.speech.spectrogram import spectrogram

VERSION = "20250625"

# The module: its name in the package is that of the function.
TRANSCRIBE = sys.modules["whisper.transcribe"]


class OtherVersionError(ModelError):
    """openai-whisper lacks what is replaced in it. Nothing is wrong with the model."""


# Seconds of sound that were heard so far, and all segments found in them, as dictionaries.
OnWindow = Callable[[float, list[Mapping[str, object]]], None]


@contextmanager
def listening(on_window: OnWindow) -> Iterator[None]:
    """While ``whisper.transcribe`` runs: ``on_window`` hears of each window that gave segments."""

    def updated(frame: FrameType) -> None:
        found = frame.f_locals  # of whisper.transcribe, whose bar it is
        heard = min(found["seek"], found["content_frames"]) / FRAMES_PER_SECOND
        on_window(heard, found["all_segments"])

    bar = _bar(updated)
    with _replaced(TRANSCRIBE, tqdm=SimpleNamespace(tqdm=bar), log_mel_spectrogram=spectrogram):
        yield


@contextmanager
def _replaced(module: ModuleType, **names: object) -> Iterator[None]:
    """The module with other objects behind some names.

    OtherVersionError where one of them is new to it.
    """
    for name in names:
        if name not in vars(module):
            raise OtherVersionError(
                f"the installed openai-whisper has no {module.__name__}.{name}; "
                f"install version {VERSION}, which this program was written for"
            )
    before = {name: vars(module)[name] for name in names}
    vars(module).update(names)
    try:
        yield
    finally:
        vars(module).update(before)


def _bar(on_update: Callable[[FrameType], None]) -> "type[tqdm.tqdm[NoReturn]]":
    """A progress bar that also tells of each update, with the frame that it came from."""

    class ReportingBar(tqdm.tqdm):  # type: ignore[type-arg]  # generic in its stubs only
        def update(self, n: float | None = 1) -> bool | None:
            on_update(sys._getframe(1))
            return super().update(n)

    return ReportingBar
