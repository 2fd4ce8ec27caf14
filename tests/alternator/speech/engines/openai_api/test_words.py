"""Words without spaces and punctuation find their places in the text."""

import pytest

from alternator.speech.engines.openai_api.words import with_words
from alternator.speech.transcript import Segment, Word


def word(text: str, start: float = 0.0) -> Word:
    return Word(start=start, end=start + 0.1, text=text, probability=None)


def segment(text: str, start: float = 0.0) -> Segment:
    return Segment(start=start, end=start + 1.0, text=text)


@pytest.mark.parametrize(
    ("texts", "bare", "whole"),
    [
        ([" Hello, world."], ["Hello", "world"], [[" Hello,", " world."]]),
        ([" He said:", ' "No!" (twice)'], ["He", "said", "No", "twice"],
         [[" He", " said:"], [' "No!"', " (twice)"]]),
        (["你好,世界。"], ["你", "好", "世界"], [["你", "好,", "世界。"]]),
        ([" No no no."], ["No", "no", "no"], [[" No", " no", " no."]]),
        ([" One.", " Two."], ["Two"], [[], [" Two."]]),
        ([" A - b"], ["A", "b"], [[" A -", " b"]]),
    ],
)  # fmt: skip
def test_a_segments_words_make_its_text(
    texts: list[str], bare: list[str], whole: list[list[str]]
) -> None:
    found = with_words([segment(text) for text in texts], [word(text) for text in bare])
    assert [[one.text for one in each.words or ()] for each in found] == whole
    for each in found:
        assert not each.words or "".join(one.text for one in each.words) == each.text


def test_words_that_are_not_in_the_text_go_by_their_time() -> None:
    segments = [segment(" Twenty euros.", 0.0), segment(" Yes.", 1.0)]
    words = [word("20", 0.2), word("€", 0.6), word("Yes", 1.1)]
    first, second = with_words(segments, words)
    assert [one.text for one in first.words or ()] == [" 20", " €"]
    assert [one.text for one in second.words or ()] == [" Yes"]


def test_without_segments_there_are_no_words() -> None:
    assert with_words([], [word("lost")]) == ()
