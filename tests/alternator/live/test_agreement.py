"""Two hypotheses in a row confirm what they begin with."""

import pytest

from alternator.live.agreement import Agreement, common_prefix


def told(*hypotheses: str) -> list[tuple[str, str]]:
    agreement = Agreement()
    found = []
    for text in hypotheses:
        agreement.hear(text)
        found.append((agreement.confirmed, agreement.tentative))
    return found


def test_a_word_needs_two_looks() -> None:
    assert told(" The", " The cat", " The cat sat", " The cat sat on") == [
        ("", " The"),
        (" The", " cat"),
        (" The cat", " sat"),
        (" The cat sat", " on"),
    ]


def test_what_was_confirmed_stays_though_a_look_contradicts() -> None:
    found = told(" I see it", " I see it", " Icy", " I see it all", " I see it all now")
    assert [confirmed for confirmed, _ in found] == [
        "",
        " I see it",
        " I see it",
        " I see it",
        " I see it all",
    ]
    assert found[2][1] == ""  # nothing stands behind words that the look does not have


def test_nothing_twice_confirms_nothing() -> None:
    assert told("", "", " Yes") == [("", ""), ("", ""), ("", " Yes")]


@pytest.mark.parametrize(
    ("one", "other", "confirmed"),
    [
        ("今天天气很", "今天天气好", "今天天气"),
        ("สวัสดีค", "สวัสดีครับ", "สวัสดีค"),
        ("今日は Python を", "今日は Python で", "今日は Python"),
    ],
)
def test_scripts_without_spaces_are_agreed_on_sign_by_sign(
    one: str, other: str, confirmed: str
) -> None:
    assert told(one, other)[-1][0] == confirmed


def test_common_prefix_ends_with_the_shorter_one() -> None:
    assert common_prefix(["a", "b"], ["a", "b", "c"]) == ["a", "b"]
    assert common_prefix([], ["a"]) == []
