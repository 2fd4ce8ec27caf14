"""The error is that of NIST's md-eval: the figures are mdeval 0.1.2's on the same turns."""

import random

import pytest

from bench.diarization_error import Errors, Stretch, errors


def conversation(seed: int) -> tuple[list[Stretch], list[Stretch]]:
    """Turns of three, over each other in every other one, and what somebody found of them."""
    chance = random.Random(seed)
    real: list[Stretch] = []
    at = 0.0
    last: dict[str, float] = {}
    for _ in range(25):
        at = max(at + chance.uniform(-1.0 if seed % 2 else 0.1, 1.5), 0)
        seconds, speaker = chance.uniform(0.3, 5), f"s{chance.randrange(3)}"
        start = max(at, last.get(speaker, 0) + 0.01)
        real.append(Stretch(start=round(start, 3), end=round(start + seconds, 3), speaker=speaker))
        last[speaker], at = start + seconds, start + seconds
    moved = [
        Stretch(
            start=one.start + chance.uniform(-0.4, 0.4) if one.start > 1 else one.start,
            end=one.end,
            speaker=f"h{(int(one.speaker[1]) + (chance.random() < 0.2)) % 4}",
        )
        for one in real
    ]
    moved.sort(key=lambda one: one.start)
    found = []
    for number, one in enumerate(moved):
        later = [other.start for other in moved[number + 1 :] if other.speaker == one.speaker]
        end = min([one.end, *later])
        if end - one.start > 0.05:
            found.append(Stretch(start=round(one.start, 3), end=round(end, 3), speaker=one.speaker))
    return real, found


@pytest.mark.parametrize(
    ("seed", "scored", "missed", "false_alarm", "confusion"),
    [
        (0, 57.61, 0.30, 0.21, 7.59),
        (1, 52.15, 0.16, 0.27, 8.42),
        (2, 72.92, 0.31, 0.36, 15.01),
        (3, 58.60, 0.54, 0.19, 15.01),
        (4, 62.00, 0.61, 0.16, 21.16),
        (5, 53.57, 0.11, 0.57, 13.09),
    ],
)
# size: a row of md-eval's
def test_it_is_md_evals(
    seed: int, scored: float, missed: float, false_alarm: float, confusion: float
) -> None:
    found = errors(*conversation(seed))
    # Two decimal digits are what it prints.
    assert found.scored == pytest.approx(scored, abs=0.011)
    assert found.missed == pytest.approx(missed, abs=0.011)
    assert found.false_alarm == pytest.approx(false_alarm, abs=0.011)
    assert found.confusion == pytest.approx(confusion, abs=0.011)


def turn(start: float, end: float, speaker: str) -> Stretch:
    return Stretch(start=start, end=end, speaker=speaker)


def test_names_do_not_matter() -> None:
    real = [turn(0, 10, "anna"), turn(10, 20, "bert")]
    assert errors(real, [turn(0, 10, "1"), turn(10, 20, "0")], collar=0).rate == 0


def test_one_speaker_for_all_is_right_about_the_one_who_says_most() -> None:
    real = [turn(0, 10, "anna"), turn(10, 16, "bert")]
    found = errors(real, [turn(0, 16, "0")], collar=0)
    assert (found.scored, found.confusion, found.missed) == (16, 6, 0)


def test_nobody_found_is_all_missed() -> None:
    found = errors([turn(0, 10, "anna")], [], collar=0.25)
    assert (found.scored, found.missed, found.rate) == (9.5, 9.5, 1.0)


def test_time_around_the_ends_is_not_scored() -> None:
    found = errors([turn(1, 10, "anna")], [turn(0.8, 10.2, "0")])
    assert found.false_alarm == 0 and found.missed == 0
    later = errors([turn(1, 10, "anna")], [turn(0.8, 11, "0")])
    assert later.false_alarm == pytest.approx(0.75)


def test_errors_add_up() -> None:
    one, other = Errors(scored=10, missed=1), Errors(scored=30, confusion=3)
    assert (one + other).rate == pytest.approx(0.1)
