import pytest

from alternator.alt_text.credit import money_left
from alternator.config.models import VisionSettings
from alternator.errors import EndpointError
from sandbox.vision.server import VisionServer

KEY = "the-key"


def settings(vision: VisionServer, key: str | None = KEY) -> VisionSettings:
    return VisionSettings(base_url=vision.base_url, api_key=key)


@pytest.mark.parametrize(
    ("credits", "limit", "left"),
    [
        ((100.5, 25.75), None, 74.75),
        ((100.5, 25.75), 3.5, 3.5),
        ((1.0, 1.25), 3.5, -0.25),
        (None, 4.0, 4.0),
        (None, None, None),
    ],
)
def test_what_is_left_is_what_was_paid_less_what_was_spent(
    credits: tuple[float, float] | None, limit: float | None, left: float | None
):
    with VisionServer(key=KEY) as vision:
        vision.money.credits, vision.money.limit_remaining = credits, limit
        assert money_left(settings(vision)) == left


def test_an_endpoint_of_another_kind_tells_nothing(vision: VisionServer):
    for path in ("/v1/credits", "/v1/key"):
        vision.fail(path, status=404, times=None)
    assert money_left(settings(vision)) is None
    assert money_left(settings(vision, key=None)) is None


@pytest.mark.parametrize("body", [{}, [], {"data": None}, {"data": {"total_credits": "5"}}, "no"])
def test_an_answer_of_another_form_tells_nothing(vision: VisionServer, body: object):
    for path in ("/v1/credits", "/v1/key"):
        vision.fail(path, status=200, body=body, times=None)
    assert money_left(settings(vision)) is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_endpoint_in_trouble_is_asked_again_later(vision: VisionServer, status: int):
    vision.fail("/v1/credits", status=status)
    with pytest.raises(EndpointError, match=f"HTTP {status}"):
        money_left(settings(vision))


def test_an_endpoint_that_is_away_is_asked_again_later():
    with pytest.raises(EndpointError, match="can't be asked for its credit"):
        money_left(VisionSettings(base_url="http://127.0.0.1:9/v1", api_key=KEY))
