import pytest

from alternator.config.settings import MastodonSettings
from alternator.mastodon.dialect import Dialect, table
from alternator.mastodon.entities import Instance
from alternator.mastodon.streams.ways import streaming_base, ways_to_hear

BY_NAME = {dialect.software: dialect for dialect in table().dialects}


def names(dialect: Dialect, advertised: str | None) -> list[str]:
    settings = MastodonSettings(instance_url="https://social.example", access_token="token")
    instance = Instance(
        version="", description_limit=1500, streaming_url=advertised, dialect=dialect
    )
    return [way.name for way in ways_to_hear(settings, instance)]


def test_the_likeliest_way_is_the_first():
    both = ["server-sent events", "WebSocket"]
    assert names(BY_NAME["Mastodon"], "wss://social.example") == both
    assert names(BY_NAME["GoToSocial"], "wss://social.example") == both[::-1]
    assert names(BY_NAME["Pixelfed"], None) == []
    # What a server names is there, whatever the table says.
    assert names(BY_NAME["Pixelfed"], "wss://social.example") == both[::-1]


@pytest.mark.parametrize(
    ("instance", "advertised", "expected"),
    [
        ("https://a.example", "wss://streaming.a.example", "https://streaming.a.example"),
        ("https://a.example", "wss://a.example/api/v1/streaming/", "https://a.example"),
        ("https://a.example/", None, "https://a.example"),
        ("https://a.example", "", "https://a.example"),
        ("https://a.example", "/api/v1/streaming", "https://a.example"),
        ("https://a.example", "javascript:alert(1)", "https://a.example"),
        ("https://a.example", "wss:///path", "https://a.example"),
        # Never in the clear where the server itself is not.
        ("https://a.example", "ws://a.example", "https://a.example"),
        ("https://a.example", "http://b.example:8080", "https://b.example:8080"),
        ("http://localhost:3000", "ws://localhost:4000", "http://localhost:4000"),
        ("http://localhost:3000", "wss://a.example", "https://a.example"),
        ("https://a.example", "wss://a.example/base", "https://a.example/base"),
        ("https://me:secret@a.example", None, "https://a.example"),
        ("https://a.example", "wss://you:secret@a.example", "https://a.example"),
        ("https://a.example", "wss://[::", "https://a.example"),
    ],
)
def test_where_a_server_streams(instance: str, advertised: str | None, expected: str):
    assert streaming_base(instance, advertised) == expected
