"""Answers of the vision endpoint."""

import pytest
from PIL import Image

from sandbox.vision.chat import completion, tiles
from sandbox.vision.question import Picture, Question


def question(max_tokens: int | None) -> Question:
    picture = Picture(
        media_type="image/png", content=b"", image=Image.new("RGB", (4, 3)), exif_orientation=None
    )
    return Question(model="any", prompt="What?", pictures=(picture,), max_tokens=max_tokens)


@pytest.mark.parametrize(
    ("max_tokens", "content", "reason"),
    [(None, "one two three four", "stop"), (4, "one two three", "length"), (1, "one", "length")],
)
def test_an_answer_is_cut_at_its_limit(max_tokens, content, reason):
    (choice,) = completion(question(max_tokens), "one two three four", "stop")["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (content, reason)


@pytest.mark.parametrize(
    ("size", "number"), [((512, 512), 1), ((513, 512), 2), ((1025, 513), 6), ((1, 1), 1)]
)
def test_tiles(size, number):
    assert tiles(Image.new("RGB", size)) == number
