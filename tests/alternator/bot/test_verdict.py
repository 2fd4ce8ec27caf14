import pytest

from alternator.bot.verdict import Verdict, verdict_of, vocabulary

KNOWN = vocabulary(("ok", "Ja"), ("no",))


@pytest.mark.parametrize(
    ("words", "approved"),
    [("ok", True), (" OK! ", True), ("ja.", True), ("no", False), ("No!", False)],
)
def test_a_word_decides(words: str, approved: bool):
    assert verdict_of(words, KNOWN) == Verdict(approved=approved)


def test_places_have_other_words_or_none():
    said = verdict_of("1: A boat\nat sea\n\n2. no\n3) ok\nok", KNOWN)
    assert said == Verdict(approved=True, texts={1: "A boat\nat sea", 2: None})


@pytest.mark.parametrize("words", ["", "what?", "ok then", "no way\n1: A boat", "1:", "2: ok"])
def test_what_is_not_understood_decides_nothing(words: str):
    assert verdict_of(words, KNOWN).says_nothing


def test_a_description_may_hold_a_word_that_decides_elsewhere():
    assert verdict_of("1: ok, a boat", KNOWN).texts == {1: "ok, a boat"}
