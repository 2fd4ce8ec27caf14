"""Words go to whoever speaks while they are said."""

import pytest

from alternator.speech.speakers.assigning import NOBODY, with_speakers
from alternator.speech.speakers.turn import Turn
from alternator.speech.transcript import Decoding, Segment, Transcript, Word

TURNS = (
    Turn(start=0.0, end=2.0, speaker=0),
    Turn(start=2.0, end=4.0, speaker=1),
    Turn(start=6.0, end=8.0, speaker=0),
)
DECODING = Decoding(
    seek=0,
    tokens=(1, 2),
    temperature=0.0,
    avg_logprob=-0.1,
    compression_ratio=1.0,
    no_speech_prob=0.0,
)


def word(text: str, start: float, end: float, confidence: float | None = None) -> Word:
    return Word(start=start, end=end, text=text, probability=0.9, confidence=confidence)


def transcript(*segments: Segment) -> Transcript:
    text = "".join(segment.text for segment in segments).strip()
    return Transcript(text=text, language="en", duration=9.0, segments=segments)


def test_a_segment_is_cut_where_its_words_change_hands() -> None:
    words = (
        word(" Are", 0.2, 0.6, 1.0),
        word(" you?", 0.6, 1.2, 0.5),
        word(" Yes.", 2.4, 2.9, 0.9),
    )
    whole = Segment(start=0.0, end=3.5, text=" Are you? Yes.", words=words, decoding=DECODING)
    found = with_speakers(transcript(whole), TURNS, words=True)
    assert [
        (part.start, part.end, part.text, part.speaker, part.confidence) for part in found.segments
    ] == [
        (0.0, 1.2, " Are you?", "SPEAKER_00", 0.75),
        (2.4, 3.5, " Yes.", "SPEAKER_01", 0.9),
    ]
    assert [w.speaker for part in found.segments for w in part.words or ()] == [
        "SPEAKER_00",
        "SPEAKER_00",
        "SPEAKER_01",
    ]
    assert all(part.decoding == DECODING for part in found.segments)
    assert found.text == "Are you? Yes." and found.notes == ()


def test_word_times_that_nobody_asked_for_are_dropped() -> None:
    words = (word(" Are", 0.2, 0.6), word(" Yes.", 2.4, 2.9))
    whole = Segment(start=0.2, end=2.9, text=" Are Yes.", words=words)
    found = with_speakers(transcript(whole), TURNS, words=False)
    assert [(part.text, part.words, part.speaker) for part in found.segments] == [
        (" Are", None, "SPEAKER_00"),
        (" Yes.", None, "SPEAKER_01"),
    ]


@pytest.mark.parametrize(
    ("start", "end", "speaker"),
    [
        (0.0, 1.0, "SPEAKER_00"),
        (1.8, 3.0, "SPEAKER_01"),  # most of it
        (1.0, 2.4, "SPEAKER_00"),
        (1.0, 8.0, "SPEAKER_00"),  # 1 s and 2 s against 2 s
        (4.2, 4.4, "SPEAKER_01"),  # nobody's, and nearer to the one before
        (5.7, 5.9, "SPEAKER_00"),
        (9.0, 9.5, "SPEAKER_00"),  # behind all
        (3.0, 3.0, "SPEAKER_01"),  # a word without length
        (5.0, 5.0, "SPEAKER_01"),
    ],
)
def test_a_segment_without_words_goes_to_whoever_speaks_most_of_it(
    start: float, end: float, speaker: str
) -> None:
    found = with_speakers(transcript(Segment(start=start, end=end, text=" x")), TURNS, words=False)
    assert [part.speaker for part in found.segments] == [speaker]
    words = Segment(start=start, end=end, text=" x", words=(word(" x", start, end),))
    found = with_speakers(transcript(words), TURNS, words=True)
    assert [part.speaker for part in found.segments] == [speaker]


def test_words_before_all_turns_go_to_the_first() -> None:
    turns = [Turn(start=5.0, end=6.0, speaker=0), Turn(start=6.0, end=7.0, speaker=1)]
    found = with_speakers(transcript(Segment(start=1.0, end=2.0, text=" x")), turns, words=False)
    assert [part.speaker for part in found.segments] == ["SPEAKER_00"]


def test_where_no_voice_was_found_nobody_is_named_and_a_note_says_so() -> None:
    found = with_speakers(transcript(Segment(start=0.0, end=1.0, text=" Hm.")), (), words=False)
    assert found.notes == (NOBODY,)
    assert [part.speaker for part in found.segments] == [None]
    silent = with_speakers(transcript(), (), words=False)
    assert silent.segments == () and silent.notes == ()


def test_a_segment_that_was_cleared_belongs_to_nobody() -> None:
    found = with_speakers(
        transcript(Segment(start=0.0, end=1.0, text="", words=())), TURNS, words=True
    )
    assert [part.speaker for part in found.segments] == [None]
