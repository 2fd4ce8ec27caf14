"""OpenAI's own client and ours ask alike and are answered alike."""

import io
from typing import Any, cast

import pytest
from openai import APIStatusError, OpenAI
from openai.types.chat import ChatCompletionMessageParam
from PIL import Image

from alternator.alt_text.endpoint import Endpoint, TroubleError
from alternator.alt_text.question import content_of
from alternator.config.models import VisionSettings
from sandbox.vision.server import VisionServer


@pytest.fixture
def client(vision: VisionServer) -> OpenAI:
    return OpenAI(base_url=vision.base_url, api_key="sandbox", max_retries=0)


@pytest.fixture
def endpoint(vision: VisionServer) -> Endpoint:
    return Endpoint(VisionSettings(base_url=vision.base_url, api_key="sandbox", max_tokens=77))


@pytest.fixture
def content() -> Any:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "JPEG")
    return content_of([picture.getvalue()], "Describe this picture.")


def asked_by(client: OpenAI, content: Any) -> Any:
    """The same question, by OpenAI's client."""
    message = cast(ChatCompletionMessageParam, {"role": "user", "content": content})
    return client.chat.completions.create(model="m", max_tokens=77, messages=[message])


def test_both_ask_the_same_and_read_the_same(
    vision: VisionServer, client: OpenAI, endpoint: Endpoint, content: Any
):
    theirs, ours = asked_by(client, content), endpoint.ask("m", content)
    assert ours.text == theirs.choices[0].message.content
    assert ours.tokens == theirs.usage.total_tokens
    first, second = vision.requests()
    assert (first["max_tokens"], first["prompt"]) == (77, "Describe this picture.")
    same = ("path", "content_type", "authorized", "json", "prompt", "max_tokens", "pictures")
    assert [first.get(key) for key in same] == [second.get(key) for key in same]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "400"),
        (401, "api_key"),
        (404, "has no model m"),
        (413, "413"),
        (429, "429"),
        (500, "500"),
    ],
)
def test_a_refusal_is_one_for_both(
    vision: VisionServer,
    client: OpenAI,
    endpoint: Endpoint,
    content: Any,
    status: int,
    words: str,
):
    vision.fail(status=status, times=2)
    with pytest.raises(APIStatusError) as theirs:
        asked_by(client, content)
    with pytest.raises(TroubleError, match=words):
        endpoint.ask("m", content)
    assert theirs.value.status_code == status
