import logging

import pytest

from alternator.config.settings import VISIBILITIES
from alternator.config.signup import SignupSettings
from alternator.members.choices import Choices, NoChoiceError, checked, choices_of

ALL = SignupSettings()
CHOSEN = Choices(language="pt-BR", style="Dry.", mode="dry-run", visibilities=("public", "private"))


def test_what_is_chosen_is_read_as_it_was_kept():
    assert choices_of({"choices": CHOSEN.kept()}, ALL, "x") == CHOSEN
    assert Choices().kept() == {} and choices_of({}, ALL, "x") == Choices()
    assert checked({"visibilities": ["direct", "public"]}, ALL).visibilities == (
        VISIBILITIES[0],
        VISIBILITIES[3],
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"language": "tlh"},
        {"language": 7},
        {"language": "DE"},
        {"style": ""},
        {"style": "x" * 501},
        {"mode": "reply"},
        {"mode": None},
        {"visibilities": []},
        {"visibilities": ["everybody"]},
        {"visibilities": "public"},
        {"model": "some/model"},
        {"api_key": "x"},
    ],
)
def test_what_can_t_be_chosen_is_refused_and_left_out_where_it_was_kept(
    wrong: dict[str, object], caplog: pytest.LogCaptureFixture
):
    with pytest.raises(NoChoiceError):
        checked(wrong, ALL)
    caplog.set_level(logging.WARNING)
    kept = {"choices": {"style": "Dry."} | wrong}
    found = choices_of(kept, ALL, "demo@here")
    assert found == Choices(style=None if "style" in wrong else "Dry.")
    (line,) = caplog.messages
    assert line.startswith(f"demo@here once chose a {next(iter(wrong))} that does not hold")


def test_what_the_operator_takes_back_does_not_hold_any_more():
    less = SignupSettings(choices=("mode",), modes=("review",))
    assert choices_of({"choices": CHOSEN.kept()}, less, "x") == Choices()
    assert choices_of({"choices": {"mode": "review"}}, less, "x") == Choices(mode="review")


@pytest.mark.parametrize("kept", [{"choices": None}, {"choices": ["mode"]}, {"choices": "edit"}])
def test_what_is_no_choice_at_all_is_none(kept: dict[str, object]):
    assert choices_of(kept, ALL, "x") == Choices()
