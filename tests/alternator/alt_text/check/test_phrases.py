import re
from typing import get_args

import pytest

from alternator.alt_text.check.phrases import Kind, Phrases, pattern, table
from alternator.alt_text.prompts import table as prompts


def test_models_are_understood_in_every_language_they_are_asked_in() -> None:
    assert {name.partition("-")[0] for name in prompts()} <= set(table())


@pytest.mark.parametrize("language", table())
def test_a_language_has_every_list(language: str) -> None:
    lists = table()[language]
    assert set(Phrases.__annotations__) - {"spaces", "greeting"} <= set(lists)
    assert all(isinstance(phrases, bool) or phrases for phrases in lists.values())


@pytest.mark.parametrize("kind", get_args(Kind))
def test_no_pattern_fits_everything(kind: Kind) -> None:
    assert isinstance(pattern(kind), re.Pattern)
    assert pattern(kind).match("") is None
    assert pattern(kind).match("House by the lake.") is None
