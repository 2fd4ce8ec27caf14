"""How much speech makes a speaker."""

import pytest

from alternator.speech.speakers.limits import Limits


@pytest.mark.parametrize(
    ("seconds", "least"), [(0.0, 2.0), (10.0, 2.0), (40.0, 4.0), (90.0, 9.0), (3600.0, 9.0)]
)
def test_a_share_of_the_speech_within_bounds(seconds: float, least: float) -> None:
    assert Limits(share=0.1, fewest=2.0, enough=9.0).least(seconds) == pytest.approx(least)
