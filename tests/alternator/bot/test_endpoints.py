from collections.abc import Callable
from pathlib import Path

import pytest

from alternator.alt_text.vision import VisionClient
from alternator.bot.endpoints import Endpoints
from alternator.config.models import VisionSettings
from alternator.errors import EndpointError
from alternator.progress import SILENT
from sandbox.vision.server import VisionServer

NOWHERE = VisionSettings(base_url="http://127.0.0.1:1/v1", model="one", vision_fallback_model="")


def client_of(endpoints: Endpoints, settings: VisionSettings, account: str = "") -> VisionClient:
    client = endpoints.client(settings, SILENT, account=account)
    assert client is not None
    return client


def test_without_an_endpoint_there_is_no_client(caplog: pytest.LogCaptureFixture):
    assert Endpoints().client(VisionSettings(), SILENT) is None
    assert caplog.messages == [
        "pictures: not described; set [vision] api_key, or base_url for an endpoint of your own"
    ]


def test_accounts_share_what_is_known_of_one_endpoint(picture: Path):
    endpoints = Endpoints()
    first = client_of(endpoints, NOWHERE, "a")
    second = client_of(endpoints, VisionSettings(base_url=NOWHERE.base_url, model="another"), "b")
    elsewhere = client_of(
        endpoints, VisionSettings(base_url="http://127.0.0.1:2/v1", model="one"), "c"
    )
    with_a_key = client_of(
        endpoints, VisionSettings(base_url=NOWHERE.base_url, api_key="of-another"), "d"
    )
    second.check()
    with pytest.raises(EndpointError):
        first.describe([picture.read_bytes()], "Describe it.")
    with pytest.raises(EndpointError, match="can't be reached"):
        second.check()
    elsewhere.check()
    with_a_key.check()


class Told:
    """Keeps who was told that the endpoint answers again."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def of(self, name: str) -> Callable[[], int]:
        def tell() -> int:
            self.names.append(name)
            return 1

        return tell


def test_each_account_is_told_when_it_answers_again(vision: VisionServer, picture: Path):
    endpoints, told = Endpoints(), Told()
    settings = VisionSettings(base_url=vision.base_url, model="pixels")
    endpoints.client(settings, SILENT, told.of("a"), account="a")
    client = endpoints.client(settings, SILENT, told.of("b"), account="b")
    assert client is not None
    client.describe([picture.read_bytes()], "Describe it.")
    assert told.names == ["a", "b"]


def test_an_account_that_is_taken_up_again_is_told_once(vision: VisionServer, picture: Path):
    endpoints, told = Endpoints(), Told()
    settings = VisionSettings(base_url=vision.base_url, model="pixels")
    endpoints.client(settings, SILENT, told.of("before"), account="a")
    client = endpoints.client(settings, SILENT, told.of("now"), account="a")
    assert client is not None
    client.describe([picture.read_bytes()], "Describe it.")
    assert told.names == ["now"]
