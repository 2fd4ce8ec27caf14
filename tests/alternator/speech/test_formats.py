"""Every format is byte for byte what openai-whisper writes."""

import dataclasses
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alternator.speech.formats import FORMATS, Layout
from alternator.speech.transcript import Segment, Transcript, Word
from alternator.speech.whisper_dictionary import from_whisper, to_whisper

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


def spoken(*said: tuple[str, str | None, int]) -> Transcript:
    """Segments of so many words each, half a second a word."""
    segments: list[Segment] = []
    at = 0.0
    for text, speaker, count in said:
        words = tuple(
            Word(
                start=at + step / 2,
                end=at + step / 2 + 0.5,
                text=f" {text}{step}",
                probability=1.0,
                speaker=speaker,
            )
            for step in range(count)
        )
        segments.append(
            Segment(
                start=at,
                end=at + count / 2,
                text="".join(word.text for word in words),
                words=words,
                speaker=speaker,
            )
        )
        at += count / 2
    return Transcript(text="", language="en", duration=at, segments=tuple(segments))


TALK = spoken(("a", "SPEAKER_00", 2), ("b", "SPEAKER_01", 1), ("c", None, 1))


def plain(transcript: Transcript) -> Transcript:
    """Without word times."""
    segments = tuple(dataclasses.replace(one, words=None) for one in transcript.segments)
    return dataclasses.replace(transcript, segments=segments)


def test_speakers_stand_before_lines_and_captions_as_whisperx_has_them() -> None:
    """https://github.com/m-bain/whisperX/blob/main/whisperx/utils.py (WriteTXT, SubtitlesWriter)"""
    for talk in (TALK, plain(TALK)):
        assert FORMATS["txt"](talk, Layout()) == "[SPEAKER_00]: a0 a1\n[SPEAKER_01]: b0\nc0\n"
        assert FORMATS["srt"](talk, Layout()) == (
            "1\n00:00:00,000 --> 00:00:01,000\n[SPEAKER_00]: a0 a1\n\n"
            "2\n00:00:01,000 --> 00:00:01,500\n[SPEAKER_01]: b0\n\n"
            "3\n00:00:01,500 --> 00:00:02,000\nc0\n\n"
        )
        assert FORMATS["vtt"](talk, Layout()).startswith(
            "WEBVTT\n\n00:00.000 --> 00:01.000\n[SPEAKER_00]: a0 a1\n\n"
        )
        # Three columns, which other programs read.
        assert "SPEAKER" not in FORMATS["tsv"](talk, Layout())


def test_no_caption_is_of_two_speakers() -> None:
    layout = Layout(max_line_width=40, max_line_count=2)
    talk = spoken(("a", "A", 2), ("b", "A", 2), ("c", "B", 2))
    shown = FORMATS["vtt"](talk, layout).split("\n\n")[1:-1]
    assert [cue.partition("\n")[2] for cue in shown] == ["[A]: a0 a1 b0 b1", "[B]: c0 c1"]


def test_each_highlighted_word_is_of_its_speaker() -> None:
    talk = spoken(("a", "A", 2), ("b", "B", 1))
    shown = FORMATS["vtt"](talk, Layout(highlight_words=True)).split("\n\n")[1:-1]
    assert [cue.partition("\n")[2] for cue in shown] == [
        "[A]: <u>a0</u> a1",
        "[A]: a0 <u>a1</u>",
        "[B]: <u>b0</u>",
    ]


def test_json_has_a_key_more_where_somebody_is_known() -> None:
    segments = json.loads(FORMATS["json"](TALK, Layout()))["segments"]
    assert [one.get("speaker") for one in segments] == ["SPEAKER_00", "SPEAKER_01", None]
    assert "speaker" not in segments[2] and "speaker" not in segments[2]["words"][0]
    assert [word["speaker"] for word in segments[0]["words"]] == ["SPEAKER_00"] * 2
