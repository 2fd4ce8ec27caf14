"""``/sandbox/…`` of the Mastodon server, beside ``sandbox.control.endpoints``.

========================================  =======================================================
``POST /sandbox/streams``                 ``{"enabled": false}``: streaming answers 404;
                                          ``{"drop": true}``: cut the open ones;
                                          ``{"mute": true}``: leave them open and silent;
                                          ``{"silent": ["sse"]}``: new ones say nothing;
                                          ``{"deaf": ["sse"]}``: new ones have no events
``POST /sandbox/events``                  ``{"event": "notification", "payload": …}`` to all
``POST /sandbox/rate-limit``              ``{"token": "sandbox", "seconds": 60}``: 429 till then
``POST /sandbox/reset``                   no posts, no faults, an empty request log;
                                          ``{"samples": true}`` posts the samples
========================================  =======================================================

None of it asks for a token.
"""

from dataclasses import dataclass
from typing import NotRequired, TypedDict, get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.api.caller import sandbox_of
from sandbox.control import endpoints
from sandbox.errors import RefusedError
from sandbox.model.streams import Event, Way
from sandbox.params import Params, read_params
from sandbox.samples.samples import post_samples


class StreamsAnswer(TypedDict):
    """Whether streaming is on, and how many streams were cut or muted."""

    enabled: bool
    dropped: NotRequired[int]
    muted: NotRequired[int]


@dataclass(frozen=True, kw_only=True)
class StreamsOrder:
    """The body of ``POST /sandbox/streams``; None leaves a thing as it is."""

    enabled: bool | None
    drop: bool
    mute: bool
    silent: frozenset[Way] | None
    deaf: frozenset[Way] | None


def streams_order(params: Params) -> StreamsOrder:
    """What is to happen to the streams."""
    return StreamsOrder(
        enabled=params.flag("enabled") if "enabled" in params else None,
        drop=params.flag("drop"),
        mute=params.flag("mute"),
        silent=ways_of(params, "silent"),
        deaf=ways_of(params, "deaf"),
    )


def ways_of(params: Params, name: str) -> frozenset[Way] | None:
    """The ways of streaming in a field. Raises ``RefusedError`` (422) for others."""
    if name not in params:
        return None
    found = params.get(name)
    ways = frozenset(way for way in get_args(Way) if isinstance(found, list) and way in found)
    if not isinstance(found, list) or len(ways) != len(found):
        raise RefusedError(422, f'{name} can\'t be {found!r}: it is a list of "sse", "websocket"')
    return ways


async def switch_streams(request: Request) -> JSONResponse:
    """Turn streaming on or off, cut or mute what is open."""
    order = streams_order(await read_params(request))
    sandbox = sandbox_of(request)
    if order.enabled is not None:
        sandbox.switches.streaming = order.enabled
    if order.silent is not None:
        sandbox.hub.silent = order.silent
    if order.deaf is not None:
        sandbox.hub.deaf = order.deaf
    answer: StreamsAnswer = {"enabled": sandbox.switches.streaming}
    if order.drop:
        answer["dropped"] = sandbox.hub.drop()
    if order.mute:
        answer["muted"] = sandbox.hub.mute()
    return JSONResponse(answer)


def event_from(params: Params) -> Event:
    """The event that a request makes up. Raises ``RefusedError`` (422) when it has no name."""
    name = params.get("event")
    if not isinstance(name, str):
        raise RefusedError(422, 'An event needs a name: {"event": "notification", …}')
    return Event(name=name, payload=params.json("payload"))


async def send_event(request: Request) -> JSONResponse:
    """Send any event down every open stream."""
    sandbox_of(request).hub.publish(event_from(await read_params(request)))
    return JSONResponse({})


@dataclass(frozen=True, kw_only=True)
class RateLimitOrder:
    """The body of ``POST /sandbox/rate-limit``."""

    token: str
    seconds: float


def rate_limit_order(params: Params) -> RateLimitOrder:
    """Which token is to have nothing left. Raises ``RefusedError`` (422) for no number."""
    seconds = params.seconds("seconds") if "seconds" in params else 60.0
    if seconds is None:
        raise RefusedError(422, f"seconds must be a number, not {params.get('seconds')!r}")
    return RateLimitOrder(token=params.text("token") or "sandbox", seconds=seconds)


async def exhaust_rate_limit(request: Request) -> JSONResponse:
    """Leave a token without requests for some seconds."""
    order = rate_limit_order(await read_params(request))
    sandbox_of(request).limits.exhaust(f"Bearer {order.token}", order.seconds)
    return JSONResponse({"token": order.token, "seconds": order.seconds})


async def reset(request: Request) -> JSONResponse:
    """Back to the first day."""
    with_samples = (await read_params(request)).flag("samples")
    sandbox = sandbox_of(request)
    sandbox.reset()
    posted = await run_in_threadpool(post_samples, sandbox) if with_samples else 0
    return JSONResponse({"samples": posted})


routes = [
    *endpoints.routes,
    Route("/sandbox/streams", switch_streams, methods=["POST"]),
    Route("/sandbox/events", send_event, methods=["POST"]),
    Route("/sandbox/rate-limit", exhaust_rate_limit, methods=["POST"]),
    Route("/sandbox/reset", reset, methods=["POST"]),
]
