"""``/api/v1/statuses``: post, read, edit, delete and boost.

https://docs.joinmastodon.org/methods/statuses/
"""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.api.caller import (
    reader,
    sandbox_of,
    serializer_of,
    viewer_of,
    visible,
    visible_status,
    writer,
)
from sandbox.control.fault_middleware import fault_of
from sandbox.errors import RefusedError
from sandbox.model import entities
from sandbox.model.records import ACCOUNTS
from sandbox.model.status_params import edit_params, post_params
from sandbox.params import Params, read_params


async def create(request: Request) -> JSONResponse:
    """Post a status."""
    account = writer(request)
    params = post_params(await read_params(request))
    status = sandbox_of(request).posting.create(
        account, params, request.headers.get("idempotency-key")
    )
    return JSONResponse(serializer_of(request).status(status, account))


async def show(request: Request) -> JSONResponse:
    """One status."""
    status = visible_status(request)
    return JSONResponse(serializer_of(request).status(status, viewer_of(request)))


async def edit(request: Request) -> JSONResponse:
    """Replace a status: what the request leaves out is removed.

    https://docs.joinmastodon.org/methods/statuses/#edit
    """
    account = writer(request)
    sandbox = sandbox_of(request)
    if not sandbox.settings.dialect.edits:
        raise RefusedError(404, "Not Found: page not found")
    sent = await read_params(request)
    check_types(request, sent)
    params = edit_params(sent)
    status = sandbox.store.own_status(request.path_params["id"], account)
    fault = fault_of(request)
    damage = None if fault is None else fault.damage
    edited = sandbox.posting.edit(status, account, params, damage=damage)
    return JSONResponse(serializer_of(request).status(edited, account))


async def delete(request: Request) -> JSONResponse:
    """Delete a status; the answer holds its source, for "delete and redraft"."""
    account = writer(request)
    sandbox = sandbox_of(request)
    status = sandbox.store.own_status(request.path_params["id"], account)
    entity = serializer_of(request).status(status, account)
    entity["text"] = status.text
    sandbox.posting.delete(status)
    return JSONResponse(entity)


async def source(request: Request) -> JSONResponse:
    """What the author typed, for the author alone."""
    account = reader(request)
    if not sandbox_of(request).settings.dialect.has_source:
        raise RefusedError(404, "Not Found")
    status = sandbox_of(request).store.own_status(request.path_params["id"], account)
    return JSONResponse(serializer_of(request).source(status))


def check_types(request: Request, params: Params) -> None:
    """Refuse a JSON text for a boolean, where the server reads JSON into types of its own."""
    is_json = request.headers.get("content-type", "").startswith("application/json")
    strict = sandbox_of(request).settings.dialect.booleans_only
    if strict and is_json and isinstance(params.get("sensitive"), str):
        raise RefusedError(
            400,
            "Bad Request: json: cannot unmarshal string into Go struct field "
            "StatusEditRequest.sensitive of type bool",
        )


async def history(request: Request) -> JSONResponse:
    """All versions of a status, oldest first."""
    return JSONResponse(serializer_of(request).history(visible_status(request)))


async def context(request: Request) -> JSONResponse:
    """What a status answers, and the answers to it."""
    status = visible_status(request)
    store, serializer = sandbox_of(request).store, serializer_of(request)
    viewer = viewer_of(request)
    ancestors: list[entities.Status] = []
    parent = store.statuses.get(status.in_reply_to_id or "")
    while parent is not None:
        ancestors.insert(0, serializer.status(parent, viewer))
        parent = store.statuses.get(parent.in_reply_to_id or "")
    descendants: list[entities.Status] = []
    below = store.replies_to(status.id)
    while below:
        reply = below.pop(0)
        below = [*store.replies_to(reply.id), *below]
        if visible(reply, viewer):
            descendants.append(serializer.status(reply, viewer))
    found: entities.Context = {"ancestors": ancestors, "descendants": descendants}
    return JSONResponse(found)


async def reblog(request: Request) -> JSONResponse:
    """Boost a status."""
    account = writer(request)
    boost = sandbox_of(request).posting.boost(visible_status(request), account)
    return JSONResponse(serializer_of(request).status(boost, account))


async def favourite(request: Request) -> JSONResponse:
    """Favourite a status, or take that back."""
    account = writer(request)
    status = visible_status(request)
    likes = request.url.path.endswith("/favourite")
    status = sandbox_of(request).posting.favourite(status, account, likes=likes)
    return JSONResponse(serializer_of(request).status(status, account))


async def favourited_by(request: Request) -> JSONResponse:
    """Who favourited a status."""
    reader(request)
    accounts = [ACCOUNTS[account_id] for account_id in visible_status(request).favourited_by]
    return JSONResponse([serializer_of(request).account(account) for account in accounts])


routes = [
    Route("/api/v1/statuses", create, methods=["POST"]),
    Route("/api/v1/statuses/{id}", show, methods=["GET"]),
    Route("/api/v1/statuses/{id}", edit, methods=["PUT"]),
    Route("/api/v1/statuses/{id}", delete, methods=["DELETE"]),
    Route("/api/v1/statuses/{id}/source", source, methods=["GET"]),
    Route("/api/v1/statuses/{id}/history", history, methods=["GET"]),
    Route("/api/v1/statuses/{id}/context", context, methods=["GET"]),
    Route("/api/v1/statuses/{id}/reblog", reblog, methods=["POST"]),
    Route("/api/v1/statuses/{id}/favourite", favourite, methods=["POST"]),
    Route("/api/v1/statuses/{id}/unfavourite", favourite, methods=["POST"]),
    Route("/api/v1/statuses/{id}/favourited_by", favourited_by, methods=["GET"]),
]
