"""``/oauth/authorize``: the page that asks an account's owner, who is the demo account's here.

https://docs.joinmastodon.org/methods/oauth/#authorize
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.api.caller import sandbox_of
from sandbox.model.oauth import OUT_OF_BAND, Wish, are_within
from sandbox.model.records import ACCOUNTS, Account
from sandbox.page.page import SECURITY_HEADERS, templates
from sandbox.params import Params, read_params

# What the form may say about who is signed in.
DEFAULT_USER = "demo"


async def ask(request: Request) -> HTMLResponse:
    """Who asks, and for what."""
    wish = wish_of(request, Params(values=request.query_params))
    if isinstance(wish, str):
        return rendered("refused.html", 400, reason=wish)
    fields = dict(request.query_params)
    return rendered("authorize.html", 200, wish=wish, fields=fields, users=users())


async def answer(request: Request) -> Response:
    """The owner's answer: the code goes where the application said, or is shown."""
    params = await read_params(request)
    wish = wish_of(request, params)
    if isinstance(wish, str):
        return rendered("refused.html", 400, reason=wish)
    state = {} if wish.state is None else {"state": wish.state}
    if not params.flag("allow"):
        denied = {
            "error": "access_denied",
            "error_description": "The resource owner or authorization server denied the request.",
        }
        return back(wish, denied | state)
    account = users().get(params.text("user") or DEFAULT_USER, users()[DEFAULT_USER])
    return back(wish, {"code": sandbox_of(request).oauth.grant(wish, account)} | state)


async def shown(request: Request) -> HTMLResponse:
    """The code, for the owner to copy."""
    return rendered("code.html", 200, code=request.query_params.get("code", ""))


def wish_of(request: Request, params: Params) -> Wish | str:
    """What is asked for, or why it can't be: that is told to the owner and to nobody else."""
    oauth = sandbox_of(request).oauth
    app = oauth.apps.get(params.text("client_id") or "")
    if app is None or params.text("response_type") != "code":
        return "Client authentication failed due to unknown client."
    redirect_uri = params.text("redirect_uri") or ""
    if redirect_uri not in app.redirect_uris:
        return "The redirect uri included is not valid."
    scopes = tuple((params.text("scope") or "read").split())
    if not are_within(scopes, app.scopes):
        return "The requested scope is invalid, unknown, or malformed."
    challenge = params.text("code_challenge") if oauth.pkce else None
    if challenge is not None and params.text("code_challenge_method") != "S256":
        return "The code challenge method must be S256."
    return Wish(
        app=app,
        redirect_uri=redirect_uri,
        scopes=scopes,
        state=params.text("state"),
        challenge=challenge,
    )


def back(wish: Wish, query: dict[str, str]) -> Response:
    """Send the owner back to the application."""
    if wish.redirect_uri != OUT_OF_BAND:
        separator = "&" if "?" in wish.redirect_uri else "?"
        return RedirectResponse(f"{wish.redirect_uri}{separator}{urlencode(query)}", 302)
    if "code" not in query:
        return rendered("refused.html", 400, reason=query["error_description"])
    return RedirectResponse(f"/oauth/authorize/native?{urlencode(query)}", 302)


def users() -> dict[str, Account]:
    """Whom the page takes for signed in, by their names."""
    return {account.username: account for account in ACCOUNTS.values()}


def rendered(template: str, status: int, **values: object) -> HTMLResponse:
    """One of the pages. Its form may lead back to an application anywhere."""
    text = templates.get_template(template).render(values)
    return HTMLResponse(text, status, headers=SECURITY_HEADERS)


routes = [
    Route("/oauth/authorize", ask, methods=["GET"]),
    Route("/oauth/authorize", answer, methods=["POST"]),
    Route("/oauth/authorize/native", shown, methods=["GET"]),
]
