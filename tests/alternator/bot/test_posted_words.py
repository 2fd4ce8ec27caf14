import pytest

from alternator.bot.posted_words import in_parts, inactive, weight


@pytest.mark.parametrize("text", ["@anna", "ask @anna@social.example", "#rain", "\uff20anna"])
def test_nobody_is_named_and_nothing_tagged(text: str):
    shown = inactive(text)
    assert shown != text
    assert shown.replace("\u2060", "") == text
    for sign in "@#\uff20":
        assert f"{sign}a" not in shown and f"{sign}r" not in shown


def test_signs_that_name_nobody_stay():
    assert inactive("3 @ 5 #!") == "3 @ 5 #!"


def test_a_link_counts_as_a_server_counts_it():
    assert weight("see https://x.y now") == len("see  now") + 23


@pytest.mark.parametrize("text", ["word " * 300, "x" * 1201, "One. Two. " * 100, "a\n\nb " * 200])
def test_parts_are_short_enough_and_lose_nothing(text: str):
    parts = in_parts(text, 100)
    assert all(0 < weight(part) <= 100 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_short_text_is_one_part():
    assert in_parts("Hello", 100) == ["Hello"]
    assert in_parts("", 100) == [""]
