"""What the vision endpoint says instead of a description."""

from typing import get_args

import pytest

from sandbox.control.faults import Answer
from sandbox.vision.misbehaviour import misbehaved

TEXT = "Landscape picture, 60 by 40 pixels. It is almost entirely red."


@pytest.mark.parametrize("answer", get_args(Answer))
def test_it_is_never_the_description_itself(answer):
    said, _ = misbehaved(answer, TEXT, "Describe this picture.")
    assert said != TEXT


@pytest.mark.parametrize("answer", ["loop", "cut"])
def test_what_ran_into_the_limit_says_so(answer):
    assert misbehaved(answer, TEXT, "Describe.")[1] == "length"


def test_the_prompt_comes_back():
    assert "Describe this." in misbehaved("prompt", TEXT, "Describe this.")[0]
