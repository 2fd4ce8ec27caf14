"""``/api/v1/notifications``, and following.

https://docs.joinmastodon.org/methods/notifications/#get,
https://docs.joinmastodon.org/methods/accounts/#follow, #unfollow and #relationships
"""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.api.accounts import account_in_path
from sandbox.api.caller import allowed, sandbox_of, serializer_of
from sandbox.model.records import ACCOUNTS
from sandbox.params import Params, read_params

DEFAULT_NOTIFICATIONS = 40
MOST_NOTIFICATIONS = 80


async def notifications(request: Request) -> JSONResponse:
    """What the account was told, newest first."""
    account = allowed(request, "read:notifications")
    query = Params(values=request.query_params)
    kinds = request.query_params.getlist("types[]")
    found = [
        one
        for one in sandbox_of(request).posting.social.notifications(
            account, filtered=query.flag("include_filtered")
        )
        if not kinds or one.type in kinds
    ]
    limit = max(1, min(query.number("limit", DEFAULT_NOTIFICATIONS), MOST_NOTIFICATIONS))
    upper = query.number("max_id", 1 << 63)
    lower = max(query.number("since_id", 0), query.number("min_id", 0))
    inside = [one for one in found if lower < int(one.id) < upper]
    shown = inside[-limit:] if "min_id" in query else inside[:limit]
    serializer = serializer_of(request)
    return JSONResponse([serializer.notification(one) for one in shown])


async def follow(request: Request) -> JSONResponse:
    """Follow an account, or no longer; whether with its boosts makes no difference here."""
    await read_params(request)
    account = allowed(request, "write:follows")
    follows = request.url.path.endswith("/follow")
    social = sandbox_of(request).posting.social
    return JSONResponse(social.follow(account, account_in_path(request), follows=follows))


async def relationships(request: Request) -> JSONResponse:
    """What the account has to do with others; those that are not there are left out."""
    account = allowed(request, "read:follows")
    social = sandbox_of(request).posting.social
    others = [ACCOUNTS.get(key) for key in request.query_params.getlist("id[]")]
    return JSONResponse([social.relationship(account, one) for one in others if one is not None])


routes = [
    Route("/api/v1/notifications", notifications, methods=["GET"]),
    # Before the account with such an id: sandbox/app.py.
    Route("/api/v1/accounts/relationships", relationships, methods=["GET"]),
    Route("/api/v1/accounts/{id}/follow", follow, methods=["POST"]),
    Route("/api/v1/accounts/{id}/unfollow", follow, methods=["POST"]),
]
