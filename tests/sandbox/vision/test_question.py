"""Requests to the vision endpoint, checked."""

import base64
import io
import json

import pytest
from PIL import Image

from sandbox.params import Json
from sandbox.vision.question import (
    BadRequestError,
    ChatRequest,
    Question,
    question_of,
    read_chat_request,
)


def png(width: int = 4, height: int = 3) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height)).save(content, "PNG")
    return content.getvalue()


def link_to(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def body(**fields: Json) -> bytes:
    return json.dumps({"model": "any", "messages": [{"content": "x"}]} | fields).encode()


def question(**fields) -> Question:
    request = {"model": "any", "prompt": "What?", "links": (link_to(png()),), "max_tokens": None}
    return question_of(ChatRequest(**request | fields))


def test_texts_and_pictures_of_all_messages_are_gathered():
    messages: list[Json] = [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What?"},
                {"type": "image_url", "image_url": {"url": "data:1"}},
                {"type": "image_url", "image_url": "data:2"},
                {"type": "audio", "data": "x"},
                "nonsense",
            ],
        },
        "nonsense",
        {"role": "user"},
    ]
    assert read_chat_request(body(messages=messages, max_tokens=5)) == ChatRequest(
        model="any", prompt="Be brief.\nWhat?", links=("data:1", "data:2"), max_tokens=5
    )


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({}, None),
        ({"max_tokens": 5}, 5),
        ({"max_tokens": 5, "max_completion_tokens": 7}, 7),
        ({"max_tokens": 0}, None),
        ({"max_tokens": "5"}, None),
    ],
)
def test_max_tokens(fields, limit):
    assert read_chat_request(body(**fields)).max_tokens == limit


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"{", "no JSON"),
        (b"[]", "model"),
        (body(model=5), "model"),
        (body(messages=[]), "messages"),
        (body(messages="x"), "messages"),
    ],
)
def test_a_body_that_is_no_request_is_refused(sent, reason):
    with pytest.raises(BadRequestError, match=reason):
        read_chat_request(sent)


@pytest.mark.parametrize(
    ("links", "reason"),
    [
        ((), "send one as image_url"),
        (("https://example.org/a.png",), "data URL"),
        (("data:image/png;base64,!!!",), "base64"),
        ((link_to(b"words"),), "decoded"),
    ],
    ids=["none", "link", "base64", "no-picture"],
)
def test_a_picture_that_is_none_is_refused(links, reason):
    with pytest.raises(BadRequestError, match=reason):
        question(links=links)


def test_the_log_is_told_what_was_asked():
    first, second = png(), png(5, 6)
    picture = {"media_type": "image/png", "image_bytes": len(first), "width": 4, "height": 3}
    other = {"media_type": "image/png", "image_bytes": len(second), "width": 5, "height": 6}
    assert question(max_tokens=5, links=(link_to(first), link_to(second))).notes() == {
        "model": "any",
        "prompt": "What?",
        **picture,
        "exif_orientation": None,
        "max_tokens": 5,
        "pictures": [picture | {"exif_orientation": None}, other | {"exif_orientation": None}],
    }
