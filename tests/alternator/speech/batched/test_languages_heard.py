"""The language of a file by its first windows of speech."""

from decoded_windows import decoded

from alternator.speech.batched.languages_heard import LanguagesHeard


def test_one_that_is_known_is_not_asked_for() -> None:
    known = LanguagesHeard("de", windows=5)
    assert (known.decided, known.probability) == ("de", None)


def test_the_first_few_decide_together_in_whatever_order() -> None:
    heard = LanguagesHeard(None, windows=9)
    heard.heard(2, decoded(languages={"en": 0.6, "de": 0.4}), 10.0)
    heard.heard(5, decoded(languages={"fr": 1.0}), 30.0)  # has no say
    heard.heard(0, decoded(languages={"de": 0.9, "en": 0.1}), 2.0)
    assert heard.decided is None
    heard.heard(1, decoded(languages={"en": 0.8, "de": 0.2}), 8.0)
    assert heard.decided == "en"
    assert heard.probability == (6.0 + 0.2 + 6.4) / 20.0


def test_a_file_may_have_one_window() -> None:
    heard = LanguagesHeard(None, windows=1)
    heard.heard(0, decoded(languages={"en": 0.75, "de": 0.25}), 4.0)
    assert (heard.decided, heard.probability) == ("en", 0.75)
