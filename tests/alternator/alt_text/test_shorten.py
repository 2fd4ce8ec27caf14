import pytest
from hypothesis import given
from hypothesis import strategies as st

from alternator.alt_text.shorten import (
    ELLIPSIS,
    compose,
    cut_at_sentence,
    cut_at_word,
    room_beside,
)

TEXTS = st.text(max_size=400)


@given(TEXTS, st.integers(min_value=1, max_value=300))
def test_nothing_is_longer_than_the_limit(text: str, limit: int):
    assert len(cut_at_word(text, limit)) <= limit
    assert len(cut_at_sentence(text, limit)) <= limit
    assert len(compose(text, "By a model", limit)) <= limit


@given(TEXTS, st.integers(min_value=1, max_value=300))
def test_what_is_kept_is_the_beginning(text: str, limit: int):
    kept = cut_at_word(text, limit)
    assert text.strip().startswith(kept.removesuffix("…").rstrip())


def test_what_fits_stays_as_it_is():
    assert cut_at_word("  A house.\n", 8) == "A house."
    assert cut_at_sentence("One. Two.", 9) == "One. Two."
    assert compose("A house.", "By a model", 100) == "A house.\n\nBy a model"


def test_the_cut_is_at_the_end_of_a_word():
    assert cut_at_word("The quick brown fox", 14) == "The quick…"
    assert cut_at_word("The quick, brown fox", 12) == "The quick…"
    assert cut_at_word("The quick brown fox", 16) == "The quick brown…"


def test_the_cut_is_at_the_end_of_a_sentence():
    text = "It rains. It has rained all day. It will rain tomorrow."
    assert cut_at_sentence(text, 40) == "It rains. It has rained all day. …"
    # The only sentence that ends early would throw away too much.
    kept = cut_at_sentence("It rains. " + "and " * 30, 60)
    assert kept.endswith("and…")
    assert 50 < len(kept) <= 60


def test_scripts_without_spaces_are_cut_where_they_are():
    assert cut_at_word("これは長い説明です", 6) == "これは長い…"
    assert cut_at_sentence("雨です。雪です。風です。", 10) == "雨です。雪です。 …"


@pytest.mark.parametrize(
    "joined",
    ["e\u0301", "👍🏽", "👩\u200d👩\u200d👧", "ก\u0e49"],
    ids=["accent", "skin", "family", "thai"],
)
def test_a_character_is_not_torn_apart(joined: str):
    for limit in range(1, 3 + len(joined)):
        kept = cut_at_word(f"ab{joined}cdefgh", limit).removesuffix("…")
        assert kept in ("", "a", "ab", f"ab{joined}"[: len(kept)])
        if len(kept) > 2:
            # What follows the cut must not belong to what is before it.
            assert kept == f"ab{joined}" or joined[len(kept) - 2] not in "\u0301🏽\u200d\u0e49"


def test_the_attribution_stays_whole_and_the_text_gives_way():
    result = compose("word " * 100, "Described by some/model", 100)
    text, attribution = result.split("\n\n")
    assert attribution == "Described by some/model"
    assert text.endswith("word…")
    assert 90 < len(result) <= 100


def test_an_attribution_gives_way_where_it_would_leave_no_text():
    assert compose("A red house on a hill.", "Described by some/model", 30) == (
        "A red house on a hill."
    )


def test_where_hardly_any_room_remains_the_text_has_all_of_it():
    assert room_beside("By somebody", 200) == 187
    assert room_beside("By somebody", 50) == 50
    text = "Many words that together do not fit into this limit."
    assert compose(cut_at_sentence(text, room_beside("By somebody", 50)), "By somebody", 50) == (
        "Many words that together do not fit into this…"
    )


WHOLE = [
    "🇩🇰",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "1\ufe0f\u20e3",
    "각",
    "क्षि",
    "👨🏿\u200d🚀",
    "e\u0301\u0323",
]


@pytest.mark.parametrize("character", WHOLE)
def test_flags_keycaps_syllables_and_families_stay_whole(character: str):
    text = "ab" + character * 20
    for limit in range(3, 3 + 4 * len(character)):
        kept = cut_at_word(text, limit).removesuffix(ELLIPSIS).removeprefix("ab")
        assert kept == character * (len(kept) // len(character)), limit
        assert len(cut_at_word(text, limit)) <= limit


def test_a_sentence_of_india_ends_with_its_own_sign():
    text = "एक लाल घर झील के किनारे है। उसके सामने एक नाव बँधी है। " * 4
    cut = cut_at_sentence(text, 70)
    assert cut == "एक लाल घर झील के किनारे है। उसके सामने एक नाव बँधी है। …"
