"""What an option's text may be, and what is said of one that may not."""

import argparse
from collections.abc import Callable

import pytest

from alternator.transcribe.option_types import (
    boolean,
    fraction,
    number,
    optional,
    positive,
    seconds_list,
    token_list,
    whole,
)


@pytest.mark.parametrize(
    ("convert", "text", "value"),
    [
        (boolean, "True", True),
        (boolean, "false", False),
        (number, "-1.5", -1.5),
        (number, "1e3", 1000.0),
        (positive, "0.1", 0.1),
        (fraction, "0", 0.0),
        (fraction, "1", 1.0),
        (whole(0), "0", 0),
        (whole(1), "12", 12),
        (optional(whole(1)), "None", None),
        (optional(whole(1)), "1", 1),
        (seconds_list, "", ()),
        (seconds_list, "0,12.5", (0.0, 12.5)),
        (token_list, "", ()),
        (token_list, "-1", (-1,)),
        (token_list, "220, 50257", (220, 50257)),
    ],
)
def test_what_is_taken(convert: Callable[[str], object], text: str, value: object) -> None:
    converted = convert(text)
    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize(
    ("convert", "text", "said"),
    [
        (boolean, "yes", "'yes' is neither True nor False"),
        (number, "soon", "'soon' is no number"),
        (number, "nan", "'nan' is no number"),
        (number, "inf", "'inf' is no number"),
        (positive, "0", "'0' is not above 0"),
        (positive, "-1", "'-1' is not above 0"),
        (fraction, "1.1", "'1.1' is not from 0 to 1"),
        (fraction, "-0.1", "'-0.1' is not from 0 to 1"),
        (whole(1), "0", "'0' is no whole number from 1 on"),
        (whole(0), "-1", "'-1' is no whole number from 0 on"),
        (whole(0), "1.0", "'1.0' is no whole number from 0 on"),
        (whole(0), "²", "'²' is no whole number from 0 on"),
        (optional(number), "none", "'none' is no number"),
        (seconds_list, "1,,2", "'' is no number"),
        (seconds_list, "0,-2", "-2 is before the beginning"),
        (token_list, "-2", "'-2' is no whole number from 0 on"),
        (token_list, "-1,51866", "51866 is no token: Whisper has at most 51866, from 0 on"),
    ],
)
def test_what_is_refused(convert: Callable[[str], object], text: str, said: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        convert(text)
    assert str(refused.value) == said
