"""The defaults of a request are those of openai-whisper's command."""

import dataclasses
import inspect

import pytest

from alternator.config.models import WhisperSettings
from alternator.speech.options import DecodingOptions, configured

# What the command sets, and the function and its DecodingOptions do not.
BY_THE_COMMAND = {"beam_size": 5, "best_of": 5}
# A tuple here, a text of numbers between commas there.
WRITTEN_OUT = {"clip_timestamps", "suppress_tokens"}
# An engine's own: openai-whisper has neither, or the engines differ in what is best.
BY_THE_ENGINE = {"condition_on_previous_text", "hotwords", "vad"}


def test_the_defaults_are_those_of_openai_whisper() -> None:
    whisper = pytest.importorskip("whisper")
    theirs = {
        name: parameter.default
        for function in (whisper.DecodingOptions, whisper.transcribe)
        for name, parameter in inspect.signature(function).parameters.items()
    } | BY_THE_COMMAND
    for field in dataclasses.fields(DecodingOptions):
        if field.name in BY_THE_ENGINE:
            assert getattr(DecodingOptions(), field.name) is None
            continue
        ours = getattr(DecodingOptions(), field.name)
        if field.name in WRITTEN_OUT:
            ours = ",".join(f"{number:g}" for number in ours)
        assert ours == theirs[field.name], field.name


def test_language_task_and_way_are_the_operators() -> None:
    assert configured(WhisperSettings()) == DecodingOptions()
    assert configured(WhisperSettings(language="de", task="translate")) == DecodingOptions(
        language="de", task="translate"
    )
    assert configured(WhisperSettings(vad=False)).vad is False
