"""What servers answer, from the whole of it to nearly nothing."""

import pytest
from speech_server import SEGMENT, SPOKEN

from alternator.speech.engines.openai_api.answer import NoReplyError, Reply, read_reply


def reply(answer: object, *, words: bool = False) -> Reply:
    return read_reply(answer, start=10.0, seconds=2.0, words=words)


def test_times_count_from_the_beginning_of_all() -> None:
    found = reply(SPOKEN)
    assert [(one.start, one.end) for one in found.segments] == [(10.0, 11.5), (11.5, 12.0)]
    assert found.segments[0].decoding is not None and found.segments[0].decoding.seek == 1000
    assert found.timed and found.language == "en"


def test_words_within_the_segments_are_taken_as_they_are() -> None:
    words = [
        {"word": " Hi!", "start": 0.5, "end": 9.0, "probability": 0.75},
        {"word": "", "start": 0},
    ]
    entry = {"start": 0, "end": 1, "text": " Hi!", "words": words}
    (segment,) = reply({"text": "Hi!", "segments": [entry]}, words=True).segments
    assert segment.words is not None and segment.decoding is None
    (word,) = segment.words
    assert (word.text, word.start, word.end, word.probability) == (" Hi!", 10.5, 12.0, 0.75)


@pytest.mark.parametrize(
    "segment",
    [
        {"start": "0", "end": 1, "text": "x"},
        {"start": True, "end": 1, "text": "x"},
        {"start": 0, "end": float("inf"), "text": "x"},
        {"start": 0, "end": 1},
        "text",
    ],
)
def test_what_is_no_segment_is_passed_over_and_the_text_stays(segment: object) -> None:
    found = reply({"text": " Hello. ", "segments": [segment]})
    (whole,) = found.segments
    assert (whole.text, whole.start, whole.end, found.timed) == (" Hello.", 10.0, 12.0, False)


def test_nothing_heard_is_an_answer() -> None:
    found = reply({"text": "", "segments": [], "language": "de"})
    assert (found.segments, found.language, found.timed) == ((), "de", True)


def test_half_of_what_whisper_says_of_a_segment_is_none_of_it() -> None:
    entry = {**SEGMENT, "start": 0, "end": 1, "text": " a", "tokens": ["no", "numbers"]}
    assert reply({"text": "a", "segments": [entry]}).segments[0].decoding is None


def test_a_confidence_is_a_share() -> None:
    assert reply({**SPOKEN, "confidence": 0.5}).confidence == 0.5
    assert reply({**SPOKEN, "confidence": 7}).confidence is None


@pytest.mark.parametrize("answer", [None, [], "text", {}, {"text": 1}, {"error": "no"}])
def test_what_is_no_answer_is_named(answer: object) -> None:
    with pytest.raises(NoReplyError):
        reply(answer)
