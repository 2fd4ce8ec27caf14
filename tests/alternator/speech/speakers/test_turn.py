"""Labels as pyannote's users know them."""

import pytest

from alternator.speech.speakers.turn import label


@pytest.mark.parametrize(
    ("speaker", "name"), [(0, "SPEAKER_00"), (7, "SPEAKER_07"), (123, "SPEAKER_123")]
)
def test_label(speaker: int, name: str) -> None:
    assert label(speaker) == name
