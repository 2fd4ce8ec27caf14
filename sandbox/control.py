"""``/sandbox/…``: what tests and the demo ask of a server, and no Mastodon has.

========================================  =======================================================
``GET /sandbox/health``                   ``{"ok": true}`` as soon as requests are answered
``GET /sandbox/requests``                 the journal, oldest first; ``?method=PUT&path=/api/v1/*``
``DELETE /sandbox/requests``              an empty journal
``GET /sandbox/faults``                   the faults in force
``POST /sandbox/faults``                  one more; the fields of ``sandbox.faults.Fault``
``DELETE /sandbox/faults``                no faults
``POST /sandbox/streams``                 ``{"enabled": false}``: streaming answers 404;
                                          ``{"drop": true}``: cut the open ones;
                                          ``{"mute": true}``: leave them open and silent
``POST /sandbox/events``                  ``{"event": "notification", "payload": …}`` to all
``POST /sandbox/rate-limit``              ``{"token": "sandbox", "seconds": 60}``: 429 till then
``POST /sandbox/reset``                   no posts, no faults, an empty journal;
                                          ``{"samples": true}`` posts the samples
========================================  =======================================================

The vision endpoint has health, requests, faults and reset. None of it asks for a token.
"""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.context import sandbox_of
from sandbox.errors import RefusedError
from sandbox.model.params import read_params
from sandbox.model.streams import Event
from sandbox.samples.samples import post_samples


async def health(request: Request) -> JSONResponse:
    """Whether the server answers."""
    return JSONResponse({"ok": True})


async def read_requests(request: Request) -> JSONResponse:
    """The journal, by method and path."""
    query = request.query_params
    return JSONResponse(request.app.state.journal.find(query.get("method"), query.get("path")))


async def clear_requests(request: Request) -> JSONResponse:
    """Empty the journal."""
    request.app.state.journal.clear()
    return JSONResponse({})


async def read_faults(request: Request) -> JSONResponse:
    """The faults in force."""
    return JSONResponse(request.app.state.faults.as_json())


async def add_fault(request: Request) -> JSONResponse:
    """One more fault."""
    params = await read_params(request)
    try:
        request.app.state.faults.add(**params)
    except TypeError as error:
        raise RefusedError(422, f"A fault can't be made of this: {error}") from error
    return JSONResponse(request.app.state.faults.as_json())


async def clear_faults(request: Request) -> JSONResponse:
    """Nothing fails any more."""
    request.app.state.faults.clear()
    return JSONResponse([])


async def switch_streams(request: Request) -> JSONResponse:
    """Turn streaming on or off, cut or mute what is open."""
    params = await read_params(request)
    sandbox = sandbox_of(request)
    if "enabled" in params:
        sandbox.switches.streaming = bool(params["enabled"])
    answer: dict[str, Any] = {"enabled": sandbox.switches.streaming}
    if params.get("drop"):
        answer["dropped"] = sandbox.hub.drop()
    if params.get("mute"):
        answer["muted"] = sandbox.hub.mute()
    return JSONResponse(answer)


async def send_event(request: Request) -> JSONResponse:
    """Send any event down every open stream."""
    params = await read_params(request)
    if not isinstance(params.get("event"), str):
        raise RefusedError(422, 'An event needs a name: {"event": "notification", …}')
    sandbox_of(request).hub.publish(Event(name=params["event"], payload=params.get("payload")))
    return JSONResponse({})


async def exhaust_rate_limit(request: Request) -> JSONResponse:
    """Leave a token without requests for some seconds."""
    params = await read_params(request)
    token, seconds = params.get("token", "sandbox"), float(params.get("seconds", 60))
    sandbox_of(request).limits.exhaust(f"Bearer {token}", seconds)
    return JSONResponse({"token": token, "seconds": seconds})


async def reset(request: Request) -> JSONResponse:
    """Back to the first day."""
    params = await read_params(request)
    sandbox = sandbox_of(request)
    sandbox.reset()
    posted = 0
    if params.get("samples"):
        posted = await run_in_threadpool(post_samples, sandbox)
    return JSONResponse({"samples": posted})


common_routes = [
    Route("/sandbox/health", health, methods=["GET"]),
    Route("/sandbox/requests", read_requests, methods=["GET"]),
    Route("/sandbox/requests", clear_requests, methods=["DELETE"]),
    Route("/sandbox/faults", read_faults, methods=["GET"]),
    Route("/sandbox/faults", add_fault, methods=["POST"]),
    Route("/sandbox/faults", clear_faults, methods=["DELETE"]),
]
routes = [
    *common_routes,
    Route("/sandbox/streams", switch_streams, methods=["POST"]),
    Route("/sandbox/events", send_event, methods=["POST"]),
    Route("/sandbox/rate-limit", exhaust_rate_limit, methods=["POST"]),
    Route("/sandbox/reset", reset, methods=["POST"]),
]
