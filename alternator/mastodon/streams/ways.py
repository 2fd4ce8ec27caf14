"""Which ways there are to hear a server's events, the likeliest first.

A server says where it streams (``configuration.urls.streaming``), and names a WebSocket there
whether or not it has server-sent events beside it: Mastodon does. So the dialect decides what is
tried first, and what answers decides what is stayed with (``follow.py``).
"""

from urllib.parse import urlsplit, urlunsplit

from alternator.config.settings import MastodonSettings
from alternator.mastodon.entities import Instance
from alternator.mastodon.streams.events import EventSource
from alternator.mastodon.streams.sse import SseSource
from alternator.mastodon.streams.websocket import WebSocketSource
from alternator.web.credentials import BearerToken, without_user
from alternator.web.session import USER_AGENT, WebSession

PATH = "/api/v1/streaming"
SECURE = ("https", "wss")


def ways_to_hear(settings: MastodonSettings, instance: Instance) -> tuple[EventSource, ...]:
    """The ways to try, in this order; none where the server has no streams."""
    by_websocket = websocket_of(settings, instance)
    if by_websocket is None:
        return ()
    session = WebSession(
        auth=BearerToken(settings.access_token), headers={"User-Agent": USER_AGENT}
    )
    base = streaming_base(settings.instance_url, instance.streaming_url)
    by_sse = SseSource(session, f"{base}{PATH}/user")
    if instance.dialect.streaming in ("sse", "both"):
        return by_sse, by_websocket
    return by_websocket, by_sse


def websocket_of(settings: MastodonSettings, instance: Instance) -> WebSocketSource | None:
    """The WebSocket; None where the server has no streams."""
    if instance.dialect.streaming == "none" and not instance.streaming_url:
        return None
    base = streaming_base(settings.instance_url, instance.streaming_url)
    # GoToSocial knows the stream's name in the query alone, Mastodon for server-sent events in the
    # path alone; for a WebSocket both take the query.
    return WebSocketSource(
        f"ws{base.removeprefix('http')}{PATH}?stream=user", settings.access_token, USER_AGENT
    )


def streaming_base(instance_url: str, advertised: str | None) -> str:
    """Where a server streams, as http or https without ``PATH``; on itself unless it says where.

    The token is not sent in the clear to a place that a server with TLS names.
    """
    own = without_user(instance_url).rstrip("/")
    try:
        parts = urlsplit(without_user(advertised or ""))
    except ValueError:  # brackets that hold no address
        return own
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        return own
    secure = parts.scheme in SECURE or urlsplit(instance_url).scheme in SECURE
    path = parts.path.rstrip("/").removesuffix(PATH)
    return urlunsplit(("https" if secure else "http", parts.netloc, path, "", ""))
