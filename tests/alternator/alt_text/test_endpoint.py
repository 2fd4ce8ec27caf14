from typing import Any

import pytest

from alternator.alt_text.endpoint import Endpoint, TroubleError
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
