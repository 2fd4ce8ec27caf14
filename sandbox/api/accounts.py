"""``/api/v1/accounts`` and the timelines, with Mastodon's pagination.

https://docs.joinmastodon.org/methods/accounts/, https://docs.joinmastodon.org/methods/timelines/
"""

from collections.abc import Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.api.caller import (
    base_url,
    bearer_of,
    reader,
    sandbox_of,
    serializer_of,
    token_of,
    viewer_of,
    visible,
    writer,
)
from sandbox.errors import not_found
from sandbox.model import entities
from sandbox.model.records import ACCOUNTS, Account, Profile, Status
from sandbox.model.serialize import APPLICATION
from sandbox.model.store import Store
from sandbox.params import Params, read_params

# https://docs.joinmastodon.org/methods/accounts/#statuses
DEFAULT_PAGE = 20
LARGEST_PAGE = 40
CURSORS = ("max_id", "since_id", "min_id")


async def verify_credentials(request: Request) -> JSONResponse:
    """The token's own account, with the defaults of its posts."""
    account = reader(request)
    entity = serializer_of(request).account(account)
    entity["source"] = {
        "privacy": "public",
        "sensitive": False,
        "language": sandbox_of(request).settings.default_language,
        "note": sandbox_of(request).store.profile_of(account).note,
        "fields": entity["fields"],
        "follow_requests_count": 0,
    }
    return JSONResponse(entity)


async def verify_application(request: Request) -> JSONResponse:
    """The application of the token, with what it may do: since 4.3.

    https://docs.joinmastodon.org/methods/apps/#verify_credentials
    """
    reader(request)
    token, app = token_of(request), sandbox_of(request).oauth.app_of(bearer_of(request))
    assert token is not None, "the reader has one"
    found: entities.Application = {
        "id": "1",
        "name": APPLICATION["name"],
        "website": APPLICATION["website"],
    }
    if app is not None:
        found |= {"id": app.id, "name": app.name}
    if sandbox_of(request).settings.dialect.api_version is not None:
        found["scopes"] = list(token.scopes if app is None else app.scopes)
    return JSONResponse(found)


async def update_credentials(request: Request) -> JSONResponse:
    """Change what the token's account says of itself: its note and its fields, all of them.

    https://docs.joinmastodon.org/methods/accounts/#update_credentials
    """
    account = writer(request)
    params = await read_params(request)
    store = sandbox_of(request).store
    before = store.profile_of(account)
    note = params.text("note")
    fields = tuple(
        (group.text("name") or "", group.text("value") or "")
        for group in params.groups("fields_attributes")
    )
    store.profiles[account.id] = Profile(
        note=before.note if note is None else note,
        fields=fields if "fields_attributes" in params else before.fields,
    )
    return await verify_credentials(request)


async def show(request: Request) -> JSONResponse:
    """One account."""
    return JSONResponse(serializer_of(request).account(account_in_path(request)))


async def lookup(request: Request) -> JSONResponse:
    """An account by its name."""
    name = request.query_params.get("acct", "").lstrip("@").partition("@")[0]
    for account in ACCOUNTS.values():
        if account.username == name:
            return JSONResponse(serializer_of(request).account(account))
    raise not_found()


async def statuses(request: Request) -> JSONResponse:
    """The posts of an account, newest first."""
    account = account_in_path(request)
    viewer = viewer_of(request)
    store = sandbox_of(request).store
    wanted = status_filter(request, store)
    found = [s for s in store.newest_first(account.id) if visible(s, viewer) and wanted(s)]
    return page(request, found)


async def home(request: Request) -> JSONResponse:
    """What an account reads: its own posts, and those of whom it follows."""
    account = reader(request)
    store = sandbox_of(request).store
    followed = {account.id} | store.follows.get(account.id, frozenset())
    return page(
        request,
        [s for s in store.newest_first() if s.account_id in followed and visible(s, account)],
    )


async def public(request: Request) -> JSONResponse:
    """The public posts of everybody."""
    store = sandbox_of(request).store
    found = [s for s in store.newest_first() if s.visibility == "public" and not s.reblog_of]
    return page(request, found)


def account_in_path(request: Request) -> Account:
    """The account whose id is in the path; otherwise 404."""
    account = ACCOUNTS.get(request.path_params["id"])
    if account is None:
        raise not_found()
    return account


def status_filter(request: Request, store: Store) -> Callable[[Status], bool]:
    """The conditions of ``/api/v1/accounts/:id/statuses``."""
    query = Params(values=request.query_params)

    def wanted(status: Status) -> bool:
        parent = store.statuses.get(status.in_reply_to_id or "")
        to_others = parent is not None and parent.account_id != status.account_id
        return not (
            (query.flag("only_media") and not status.media_ids)
            or (query.flag("exclude_reblogs") and status.reblog_of)
            or (query.flag("exclude_replies") and to_others)
            # Nobody pins anything here.
            or query.flag("pinned")
        )

    return wanted


def page(request: Request, newest_first: list[Status]) -> JSONResponse:
    """One page, with a ``Link`` header to its neighbours.

    ``min_id`` gives the page right above that id, ``since_id`` the newest page above it:
    https://docs.joinmastodon.org/api/guidelines/#pagination
    """
    query = Params(values=request.query_params)
    limit = max(1, min(query.number("limit", DEFAULT_PAGE), LARGEST_PAGE))
    upper = query.number("max_id", 1 << 63)
    lower = max(query.number("since_id", 0), query.number("min_id", 0))
    inside = [status for status in newest_first if lower < int(status.id) < upper]
    shown = inside[-limit:] if "min_id" in query else inside[:limit]
    serializer, viewer = serializer_of(request), viewer_of(request)
    response = JSONResponse([serializer.status(status, viewer) for status in shown])
    links = []
    if len(shown) == limit:
        links.append(link(request, "next", "max_id", shown[-1].id))
    if shown:
        links.append(link(request, "prev", "min_id", shown[0].id))
    if links:
        response.headers["link"] = ", ".join(links)
    return response


def link(request: Request, relation: str, cursor: str, status_id: str) -> str:
    """One entry of a ``Link`` header: the same query from another cursor on."""
    kept = {key: value for key, value in request.query_params.items() if key not in CURSORS}
    kept.pop("access_token", None)
    query = urlencode(kept | {cursor: status_id})
    return f'<{base_url(request)}{request.url.path}?{query}>; rel="{relation}"'


routes = [
    Route("/api/v1/apps/verify_credentials", verify_application),
    Route("/api/v1/accounts/verify_credentials", verify_credentials),
    Route("/api/v1/accounts/update_credentials", update_credentials, methods=["PATCH"]),
    Route("/api/v1/accounts/lookup", lookup),
    Route("/api/v1/accounts/{id}", show),
    Route("/api/v1/accounts/{id}/statuses", statuses),
    Route("/api/v1/timelines/home", home),
    Route("/api/v1/timelines/public", public),
]
