"""``/sandbox/…``: what both servers, Mastodon's and the vision endpoint, are asked by tests.

========================================  =======================================================
``GET /sandbox/health``                   ``{"ok": true}`` as soon as requests are answered
``GET /sandbox/requests``                 the request log, oldest first;
                                          ``?method=PUT&path=/api/v1/*``
``DELETE /sandbox/requests``              an empty request log
``GET /sandbox/faults``                   the faults in force
``POST /sandbox/faults``                  one more; the fields of ``sandbox.control.faults.Fault``
``DELETE /sandbox/faults``                no faults
========================================  =======================================================

None of it asks for a token. ``sandbox.api.control`` has what is for the Mastodon server alone.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.control.faults import fault_from, faults_of
from sandbox.control.request_log import request_log_of
from sandbox.params import read_params


async def health(request: Request) -> JSONResponse:
    """Whether the server answers."""
    return JSONResponse({"ok": True})


async def read_requests(request: Request) -> JSONResponse:
    """The request log, by method and path."""
    query = request.query_params
    return JSONResponse(request_log_of(request).find(query.get("method"), query.get("path")))


async def clear_requests(request: Request) -> JSONResponse:
    """Empty the request log."""
    request_log_of(request).clear()
    return JSONResponse({})


async def read_faults(request: Request) -> JSONResponse:
    """The faults in force."""
    return JSONResponse(faults_of(request).as_json())


async def add_fault(request: Request) -> JSONResponse:
    """One more fault."""
    faults_of(request).add(fault_from(await read_params(request)))
    return JSONResponse(faults_of(request).as_json())


async def clear_faults(request: Request) -> JSONResponse:
    """Nothing fails any more."""
    faults_of(request).clear()
    return JSONResponse([])


routes = [
    Route("/sandbox/health", health, methods=["GET"]),
    Route("/sandbox/requests", read_requests, methods=["GET"]),
    Route("/sandbox/requests", clear_requests, methods=["DELETE"]),
    Route("/sandbox/faults", read_faults, methods=["GET"]),
    Route("/sandbox/faults", add_fault, methods=["POST"]),
    Route("/sandbox/faults", clear_faults, methods=["DELETE"]),
]
