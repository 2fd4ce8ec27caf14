"""Every format is byte for byte what openai-whisper writes."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alternator.speech.formats import FORMATS, Layout
from alternator.speech.transcript import from_whisper, to_whisper

utils = pytest.importorskip("whisper.utils")

# Word-like texts with what trips writers: spaces, arrows, tabulators, quotes, wide characters.
texts = st.text(alphabet="ab é-> \t\"'日.", max_size=12)
times = st.floats(min_value=0, max_value=30_000, allow_nan=False)
numbers = st.floats(allow_nan=False, allow_infinity=False)
word_fields = {"word": texts, "start": times, "end": times, "probability": numbers}
segment_fields = {
    "seek": st.integers(0, 3000),
    "start": times,
    "end": times,
    "text": texts,
    "tokens": st.lists(st.integers(0, 51865), max_size=3),
    "temperature": numbers,
    "avg_logprob": numbers,
    "compression_ratio": numbers,
    "no_speech_prob": numbers,
}
bounds = st.none() | st.integers(1, 30)
layouts = st.builds(
    Layout,
    highlight_words=st.booleans(),
    max_line_width=bounds,
    max_line_count=st.none() | st.integers(1, 3),
    max_words_per_line=st.none() | st.integers(1, 4),
)


def in_order(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Dictionaries whose keys keep their order, as fixed_dictionaries' do not."""
    return st.tuples(*fields.values()).map(lambda values: dict(zip(fields, values, strict=True)))


def as_whisper_has_it(segment: dict[str, Any]) -> dict[str, Any]:
    """With words for what was said, and for nothing else."""
    if "words" in segment:
        if not segment["text"].strip():
            segment["words"] = []
        elif not segment["words"]:
            segment["words"] = [{"word": "a", "start": 1.0, "end": 2.0, "probability": 0.5}]
    return segment


@st.composite
def results(draw: st.DrawFn) -> dict[str, Any]:
    """Dictionaries as ``whisper.transcribe`` returns them, with or without words."""
    fields = dict(segment_fields)
    if draw(st.booleans()):
        fields["words"] = st.lists(in_order(word_fields), max_size=6)
    drawn = draw(st.lists(in_order(fields).map(as_whisper_has_it), max_size=5))
    segments = [{"id": number, **segment} for number, segment in enumerate(drawn)]
    text = "".join(segment["text"] for segment in segments)
    return {"text": text, "segments": segments, "language": "en"}


def openai_whisper_writes(name: str, result: dict[str, Any], layout: Layout) -> str:
    if name in ("srt", "vtt"):  # it makes captions without text of segments that it has cleared
        spoken = [segment for segment in result["segments"] if segment["text"].strip()]
        result = result | {"segments": spoken}
    file = io.StringIO()
    utils.get_writer(name, ".").write_result(result, file, vars(layout))
    return file.getvalue()


@pytest.mark.parametrize("name", FORMATS)
@given(result=results(), layout=layouts)
def test_same_as_openai_whisper(name: str, result: dict[str, Any], layout: Layout) -> None:
    transcript = from_whisper(result, duration=30.0)
    assert FORMATS[name](transcript, layout) == openai_whisper_writes(name, result, layout)


@given(result=results())
def test_the_dictionary_survives(result: dict[str, Any]) -> None:
    assert json.dumps(to_whisper(from_whisper(result, duration=1.0))) == json.dumps(result)


@pytest.mark.parametrize("words", [None, []])
def test_a_first_segment_that_was_cleared(words: list[Any] | None) -> None:
    """It has an empty list of words, whether words were asked for or not."""
    numbers = ("temperature", "avg_logprob", "compression_ratio", "no_speech_prob")
    plain = {"seek": 0, "start": 0.0, "end": 0.0, "text": "", "tokens": []}
    plain |= dict.fromkeys(numbers, 0.0)
    said = plain | {"start": 1.0, "end": 2.0, "text": " Hello."}
    cleared = plain | ({} if words is None else {"words": words})
    result = from_whisper({"segments": [cleared, said], "language": "en"}, duration=2.0)
    assert FORMATS["srt"](result, Layout()) == "1\n00:00:01,000 --> 00:00:02,000\nHello.\n\n"
    assert FORMATS["vtt"](result, Layout()) == "WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n\n"


def test_hours_and_an_empty_transcript() -> None:
    hour = {
        "seek": 0,
        "start": 3661.5,
        "end": 3662.25,
        "text": " Late.",
        "tokens": [],
        **dict.fromkeys(("temperature", "avg_logprob", "compression_ratio", "no_speech_prob"), 0.0),
    }
    late = from_whisper({"segments": [hour], "language": "en"}, duration=3700.0)
    assert FORMATS["vtt"](late, Layout()) == "WEBVTT\n\n01:01:01.500 --> 01:01:02.250\nLate.\n\n"
    assert FORMATS["srt"](late, Layout()) == "1\n01:01:01,500 --> 01:01:02,250\nLate.\n\n"
    nothing = from_whisper({"segments": [], "language": "en"}, duration=1.0)
    assert [FORMATS[name](nothing, Layout()) for name in ("txt", "srt")] == ["", ""]
