"""What clients send, with types."""

import pytest

from sandbox.errors import RefusedError
from sandbox.model.status_params import (
    EditParams,
    MediaAttributes,
    PollParams,
    PostParams,
    edit_params,
    focal_point,
    post_params,
)
from sandbox.params import Params


def test_a_new_status_with_everything():
    sent = {
        "status": "words",
        "spoiler_text": "careful",
        "sensitive": True,
        "language": "de",
        "media_ids": [1, "2"],
        "visibility": "unlisted",
        "in_reply_to_id": 5,
        "poll": {"options": ["a", 2], "expires_in": "300", "multiple": "1"},
    }
    assert post_params(Params(values=sent)) == PostParams(
        text="words",
        spoiler_text="careful",
        sensitive=True,
        language="de",
        media_ids=("1", "2"),
        visibility="unlisted",
        in_reply_to_id="5",
        poll=PollParams(options=("a", "2"), expires_in=300.0, multiple=True),
    )


def test_an_edit_describes_by_id():
    sent = {
        "media_attributes": [
            {"id": "1", "description": None, "focus": "0.5,-1"},
            {"id": 2, "focus": ""},
            "nonsense",
        ]
    }
    assert edit_params(Params(values=sent)) == EditParams(
        media_attributes={
            "1": MediaAttributes(id="1", describes=True, description=None, focus=(0.5, -1.0)),
            "2": MediaAttributes(id="2"),
        }
    )


@pytest.mark.parametrize("sent", [{}, {"status": None, "media_ids": None, "poll": None}])
def test_what_is_left_out_or_null_is_empty(sent):
    assert post_params(Params(values=sent)) == PostParams()
    assert edit_params(Params(values=sent)) == EditParams()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (True, True),
        ("true", True),
        ("false", False),
        ("0", False),
        (False, None),
        (None, None),
        ("", None),
    ],
)
def test_only_the_text_false_withstands_a_warning(sent, expected):
    assert edit_params(Params(values={"sensitive": sent})).sensitive is expected


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"visibility": "secret"}, "Visibility"),
        ({"poll": {"options": ["a"], "expires_in": 300}}, "2 to 4 options"),
        ({"poll": {"options": list("abcde"), "expires_in": 300}}, "2 to 4 options"),
        ({"poll": {"options": ["a", "b"]}}, "Expires at"),
        ({"poll": {"options": ["a", "b"], "expires_in": "inf"}}, "Expires at"),
    ],
)
def test_what_mastodon_would_not_take_is_422(sent, reason):
    with pytest.raises(RefusedError, match=reason) as refusal:
        post_params(Params(values=sent))
    assert refusal.value.status == 422


@pytest.mark.parametrize(
    ("focus", "point"), [(None, None), ("", None), ("0,0", (0.0, 0.0)), ("-1.0,0.25", (-1.0, 0.25))]
)
def test_focal_point(focus, point):
    assert focal_point(focus) == point


@pytest.mark.parametrize("focus", ["1", "1,2,3", "left,up"])
def test_a_focal_point_that_is_none_is_422(focus):
    with pytest.raises(RefusedError, match="Focus is invalid"):
        focal_point(focus)
