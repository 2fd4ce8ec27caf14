"""How errors of words are counted."""

import pytest

from tests.real.words import Errors, errors, missing, normalised, rate, ratio_interval


@pytest.mark.parametrize(
    ("said", "heard", "wrong"),
    [
        ("out of the blue", "out of the blue", 0),
        ("Press one, please!", "press 1 please", 0),
        ("he was not there", "he wasn't there", 0),
        ("a b c d", "a x c d", 1),
        ("a b c d", "a c d", 1),
        ("a b c d", "a b b c d", 1),
        ("a b c d", "", 4),
        ("", "thanks for watching", 3),
        ("all of it is wrong", "nothing fits", 5),
    ],
)
def test_errors_are_the_least_changes(said: str, heard: str, wrong: int) -> None:
    assert errors(said, heard, "en").wrong == wrong


def test_case_punctuation_and_yo_do_not_count_in_other_languages() -> None:
    assert normalised("Всё — «ЕЩЁ» раз.", "ru") == ["все", "еще", "раз"]
    assert errors("Vítejte, v městě!", "vítejte v městě", "cs") == Errors(words=3, wrong=0)


def test_a_word_that_is_lost_is_named_and_one_that_is_added_is_not() -> None:
    assert missing("the quick brown fox", "the very quick fox", "en") == ["brown"]
    assert missing("the fox", "the fox", "en") == []
    assert missing("the fox the fox", "the fox", "en") == ["the", "fox"]


def test_the_rate_weighs_lines_by_their_words() -> None:
    assert rate([Errors(words=9, wrong=0), Errors(words=1, wrong=1)]) == 0.1
    assert rate([]) == 0


def test_the_interval_holds_the_ratio_and_is_one_for_equals() -> None:
    ours = [Errors(words=10, wrong=number % 3) for number in range(300)]
    twice = [Errors(words=10, wrong=2 * count.wrong) for count in ours]
    noisy = [Errors(words=10, wrong=(number + number // 3) % 3) for number in range(300)]
    assert ratio_interval(ours, ours) == (1.0, 1.0)
    assert ratio_interval(twice, ours) == (2.0, 2.0)
    low, high = ratio_interval(noisy, ours)
    assert low < 1.0 < high


def test_lines_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="1 and 0 lines"):
        ratio_interval([Errors(words=1, wrong=0)], [])
