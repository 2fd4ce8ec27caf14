"""Phrases that stand several times in a row."""

import pytest

from alternator.speech.batched.repeats import Loop, longest_loop, plain


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        ("", None),
        ("one two three", None),
        ("a b a", None),
        ("no no no no", Loop(first=0, length=1, times=4)),
        ("then it is so it is so it is so there", Loop(first=1, length=3, times=3)),
        ("x a b a b a", Loop(first=1, length=2, times=2)),
        ("a a b b b b", Loop(first=2, length=1, times=4)),
    ],
)
def test_the_longest_loop(text: str, loop: Loop | None) -> None:
    assert longest_loop(text.split()) == loop
    if loop is not None:
        words = text.split()[loop.first : loop.last]
        assert words == words[: loop.length] * loop.times


def test_words_are_compared_without_case_and_signs() -> None:
    assert plain(" Thank you. THANK you!  — ") == ["thank", "you", "thank", "you"]
