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


@pytest.mark.parametrize(
    ("fault", "whole", "certain", "closes"),
    [
        ({"status": 301, "headers": {"Location": "https://x.example"}}, True, True, True),
        ({"status": 400}, False, False, False),
        ({"status": 401}, True, True, True),
        ({"status": 402}, False, True, True),
        ({"status": 403}, False, False, False),
        ({"status": 404}, False, True, True),
        ({"status": 408}, False, False, True),
        ({"status": 413}, False, False, False),
        ({"status": 429}, False, True, True),
        ({"status": 500}, False, False, True),
        ({"drop": True}, False, False, True),
        ({"status": 200, "body": "no JSON"}, False, False, True),
        ({"status": 200, "body": {"error": {"code": 402}}}, False, True, True),
    ],
    ids=str,
)
def test_a_failure_is_told_by_whose_it_may_be(
    vision: VisionServer, fault: dict[str, Any], whole: bool, certain: bool, closes: bool
) -> None:
    vision.fail(**fault)
    with pytest.raises(TroubleError) as caught:
        Endpoint(VisionSettings(base_url=vision.base_url)).ask("m", "Hello")
    kind = caught.value.kind
    assert (kind.whole, kind.certain, kind.closes) == (whole, certain, closes)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/v1",
        "http://no-such-host.invalid/v1",
        "https://127.0.0.1:{port}/v1",  # no TLS there
        "ftp://127.0.0.1/v1",
    ],
)
def test_where_nothing_is_sent_nothing_is_wrong_with_it(vision: VisionServer, url: str) -> None:
    settings = VisionSettings(base_url=url.format(port=vision.base_url.split(":")[2].split("/")[0]))
    with pytest.raises(TroubleError, match=r"can't be reached; check \[vision\]") as caught:
        Endpoint(settings).ask("m", "Hello")
    assert caught.value.kind.whole
    assert caught.value.kind.certain


def test_an_endpoints_own_reason_is_told(vision: VisionServer) -> None:
    with pytest.raises(TroubleError) as caught:
        Endpoint(VisionSettings(base_url=vision.base_url)).ask("m", "No picture")
    assert str(caught.value) == (
        f"{vision.base_url} refuses the request for m "
        f"(HTTP 400: this model describes pictures: send one as image_url)"
    )


def test_a_key_that_is_no_header_is_one_line(vision: VisionServer) -> None:
    settings = VisionSettings(base_url=vision.base_url, api_key="schlüssel\u20ac")
    with pytest.raises(TroubleError):
        Endpoint(settings).ask("m", "Hello")


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


def test_openais_own_client_asks_the_same_and_reads_the_same(
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
def test_a_refusal_is_one_for_openais_own_client(
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
