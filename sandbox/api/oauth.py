"""Getting a token: ``/api/v1/apps``, ``/oauth/token``, ``/oauth/revoke`` and what tells of them.

https://docs.joinmastodon.org/methods/oauth/; the page that asks the owner is
``sandbox/page/authorize.py``.
"""

import time

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.api.caller import base_url, bearer_of, sandbox_of, token_of
from sandbox.errors import not_found
from sandbox.model.oauth import App
from sandbox.params import Params, read_params

# https://github.com/doorkeeper-gem/doorkeeper/blob/v5.8.2/config/locales/en.yml
DESCRIPTIONS = {
    "invalid_client": "Client authentication failed due to unknown client, no client "
    "authentication included, or unsupported authentication method.",
    "invalid_grant": "The provided authorization grant is invalid, expired, revoked, does not "
    "match the redirection URI used in the authorization request, or was issued to another client.",
    "unsupported_grant_type": "The authorization grant type is not supported by the authorization "
    "server.",
    "unauthorized_client": "You are not authorized to revoke this token",
    "invalid_token": "The access token is invalid",
}


async def metadata(request: Request) -> JSONResponse:
    """https://www.rfc-editor.org/rfc/rfc8414, which Mastodon has since 4.3."""
    if not sandbox_of(request).oauth.pkce:
        raise not_found()
    base = base_url(request)
    return JSONResponse(
        {
            "issuer": f"{base}/",
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "app_registration_endpoint": f"{base}/api/v1/apps",
        }
    )


async def register(request: Request) -> JSONResponse:
    """A new application."""
    params = await read_params(request)
    uris = params.texts("redirect_uris") or tuple((params.text("redirect_uris") or "").split())
    scopes = tuple((params.text("scopes") or "").split())
    app = sandbox_of(request).oauth.register(params.text("client_name") or "", uris, scopes)
    return JSONResponse(
        {
            "id": app.id,
            "name": app.name,
            "website": None,
            "scopes": list(app.scopes),
            "redirect_uri": "\n".join(app.redirect_uris),
            "redirect_uris": list(app.redirect_uris),
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "client_secret_expires_at": 0,
        }
    )


async def exchange(request: Request) -> JSONResponse:
    """A token for a code."""
    params, oauth = await read_params(request), sandbox_of(request).oauth
    app = client_of(request, params)
    if app is None:
        return error(401, "invalid_client")
    if params.text("grant_type") != "authorization_code":
        return error(400, "unsupported_grant_type")
    verifier = params.text("code_verifier")
    redirect_uri = params.text("redirect_uri") or ""
    value = oauth.exchange(app, params.text("code") or "", redirect_uri, verifier)
    token = None if value is None else oauth.token(value)
    if token is None:
        return error(400, "invalid_grant")
    return JSONResponse(
        {
            "access_token": value,
            "token_type": "Bearer",
            "scope": " ".join(token.scopes),
            "created_at": int(time.time()),
        }
    )


async def revoke(request: Request) -> JSONResponse:
    """Make a token worth nothing; once more is no error."""
    params = await read_params(request)
    app = client_of(request, params)
    if app is None or not sandbox_of(request).oauth.revoke(app, params.text("token") or ""):
        return error(403, "unauthorized_client")
    return JSONResponse({})


async def token_info(request: Request) -> JSONResponse:
    """What a token is good for, as Doorkeeper tells it beside Mastodon's own API.

    https://github.com/doorkeeper-gem/doorkeeper/blob/v5.8.2/app/controllers/doorkeeper/token_info_controller.rb
    """
    token = token_of(request)
    if token is None:
        return error(401, "invalid_token")
    app = sandbox_of(request).oauth.app_of(bearer_of(request))
    return JSONResponse(
        {
            "resource_owner_id": token.account.id,
            "scope": list(token.scopes),
            "expires_in": None,
            "application": {"uid": app.client_id if app else "sandbox"},
            "created_at": int(time.time()),
        }
    )


def client_of(request: Request, params: Params) -> App | None:
    """The application that says who it is; None where it can't prove it."""
    app = sandbox_of(request).oauth.apps.get(params.text("client_id") or "")
    known = app is not None and app.client_secret == params.text("client_secret")
    return app if known else None


def error(status: int, code: str) -> JSONResponse:
    """https://www.rfc-editor.org/rfc/rfc6749#section-5.2"""
    return JSONResponse(
        {"error": code, "error_description": DESCRIPTIONS[code]}, status_code=status
    )


routes = [
    Route("/.well-known/oauth-authorization-server", metadata),
    Route("/api/v1/apps", register, methods=["POST"]),
    Route("/oauth/token", exchange, methods=["POST"]),
    Route("/oauth/revoke", revoke, methods=["POST"]),
    Route("/oauth/token/info", token_info),
]
