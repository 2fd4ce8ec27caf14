"""OpenAI's shape of a transcript with speakers."""

import json

import pytest

from alternator.speech.speakers.diarized_json import diarized_json, letters
from alternator.speech.transcript import Segment, Transcript


def segment(start: float, text: str, speaker: str | None) -> Segment:
    return Segment(start=start, end=start + 1, text=text, speaker=speaker)


def test_the_whole_answer() -> None:
    transcript = Transcript(
        text="Hello. Yes? Me.",
        language="en",
        duration=26.2,
        segments=(
            segment(0.0, " Hello.", "SPEAKER_01"),
            segment(1.5, " ", None),
            segment(2.0, " Yes?", "SPEAKER_00"),
            segment(3.0, " Me.", "SPEAKER_01"),
        ),
    )
    assert json.loads(json.dumps(diarized_json(transcript))) == {
        "task": "transcribe",
        "duration": 26.2,
        "text": "Hello. Yes? Me.",
        "segments": [
            {
                "type": "transcript.text.segment",
                "id": f"seg_00{number}",
                "start": start,
                "end": start + 1,
                "text": text,
                "speaker": speaker,
            }
            for number, start, text, speaker in [
                (1, 0.0, "Hello.", "A"),
                (2, 2.0, "Yes?", "B"),
                (3, 3.0, "Me.", "A"),
            ]
        ],
        "usage": {"type": "duration", "seconds": 27},
    }


def test_words_of_nobody_stay_with_the_speaker_before() -> None:
    transcript = Transcript(
        text="a b c",
        language="en",
        duration=3.0,
        segments=(segment(0, " a", None), segment(1, " b", "X"), segment(2, " c", None)),
    )
    assert [one["speaker"] for one in diarized_json(transcript)["segments"]] == ["A", "A", "A"]


def test_silence_has_no_segments() -> None:
    silent = Transcript(text="", language="", duration=0.0, segments=())
    assert diarized_json(silent)["segments"] == [] and diarized_json(silent)["text"] == ""


@pytest.mark.parametrize(
    ("number", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (702, "AAA")]
)
def test_letters(number: int, name: str) -> None:
    assert letters(number) == name
