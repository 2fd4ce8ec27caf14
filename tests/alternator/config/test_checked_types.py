from pathlib import Path
from typing import Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from alternator.config.checked_types import ADDRESS_ALONE, annotated, checker_of
from alternator.config.values import Key

PLAIN = Key(help="")


@pytest.mark.parametrize(
    ("hint", "raw"), [(bool, "true"), (int, "3"), (int, 3.0), (float, "3"), (str, 3)]
)
def test_what_a_file_says_must_be_of_the_type_already(hint: object, raw: object):
    with pytest.raises(ValidationError):
        checker_of(hint, PLAIN, False).validate_python(raw)


@pytest.mark.parametrize("text", ["inf", "nan", "-inf"])
def test_no_number_is_without_an_end(text: str):
    with pytest.raises(ValidationError):
        checker_of(float, PLAIN, True).validate_python(text)


def test_an_address_that_may_hold_a_password_has_a_code_of_its_own():
    checker = checker_of(str, Key(help="", form="url"), False)
    with pytest.raises(ValidationError) as caught:
        checker.validate_python("https://me:word@social.example")
    assert [part["type"] for part in caught.value.errors()] == [ADDRESS_ALONE]
    assert checker.validate_python(" social.example/ ") == "https://social.example"


def test_one_checker_serves_all_values_of_a_key():
    assert checker_of(int, Key(help="a"), False) is checker_of(int, Key(help="a"), False)


def test_the_bounds_and_the_choices_are_in_the_schema():
    bounded = TypeAdapter(annotated(int, Key(help="", minimum=0, maximum=9))).json_schema()
    assert bounded == {"type": "integer", "minimum": 0, "maximum": 9}
    chosen = TypeAdapter(annotated(Literal["a", "b"], PLAIN)).json_schema()
    assert chosen == {"type": "string", "enum": ["a", "b"]}
    listed = TypeAdapter(annotated(tuple[str, ...], Key(help="", choices=("a", "b")))).json_schema()
    assert listed["items"] == {"type": "string", "enum": ["a", "b"]}
    assert listed["minItems"] == 1


def test_a_path_begins_at_home():
    assert checker_of(Path, PLAIN, False).validate_python("~/models") == Path.home() / "models"
