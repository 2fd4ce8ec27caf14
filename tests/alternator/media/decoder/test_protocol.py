import json

import pytest

from alternator.media.decoder.protocol import Order, Reply


def test_an_order_arrives_as_it_was_given():
    order = Order(files=(5, 7), media_type="image/png", longest_side=2048)
    assert Order.from_json(order.to_json()) == order


@pytest.mark.parametrize(
    "reply",
    [
        Reply(kind="long", pictures=(b"whole\n", b"part")),
        Reply(fault="pixels", detail="900"),
    ],
)
def test_a_reply_arrives_as_it_was_given(reply: Reply):
    assert Reply.from_bytes(reply.to_bytes()) == reply


def head(**fields: object) -> bytes:
    usual = {"kind": "still", "sizes": [3], "fault": None, "detail": ""}
    return json.dumps({**usual, **fields}).encode() + b"\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"Segmentation fault\n",
        b"[]\nabc",
        head()[:-1],
        head() + b"ab",
        head() + b"abcd",
        head(sizes=[-1, 4]) + b"abc",
        head(sizes=["3"]) + b"abc",
        head(sizes=[]),
        head(sizes=None) + b"abc",
        head(kind="other") + b"abc",
        head(kind=["still"]) + b"abc",
        head(fault="other", sizes=[]),
    ],
)
def test_what_is_no_reply_is_told(answer: bytes):
    with pytest.raises(ValueError):  # noqa: PT011  of whatever kind
        Reply.from_bytes(answer)
