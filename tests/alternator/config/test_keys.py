import dataclasses
from pathlib import Path

import pytest

from alternator.config.keys import Key, below_home, inner, key, key_of


def test_what_is_known_of_a_key_stands_at_its_field():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Settings:
        level: str = dataclasses.field(default="", metadata=key("How loud.", choices=("low",)))

    (field,) = dataclasses.fields(Settings)
    assert key_of(field) == Key(help="How loud.", choices=("low",))


@pytest.mark.parametrize(("hint", "found"), [(str | None, str), (str, str), (bool | None, bool)])
def test_the_type_of_a_key_is_what_it_is_once_it_is_set(hint: object, found: object):
    assert inner(hint) is found


def test_a_path_without_a_home_in_it_needs_none():
    assert below_home("/models") == Path("/models")
