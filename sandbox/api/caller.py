"""What an endpoint asks of its request: the server, the account behind it, what it may see."""

from starlette.requests import Request

from sandbox.errors import RefusedError, not_found
from sandbox.model.records import Account, Status, Token
from sandbox.model.sandbox import Sandbox
from sandbox.model.serialize import Serializer, accounts_in


def sandbox_of(request: Request) -> Sandbox:
    """The server that a request came to."""
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


def base_url(request: Request) -> str:
    """The start of the links in an answer, without a slash at its end."""
    public_url = sandbox_of(request).settings.public_url
    return (public_url or f"{request.url.scheme}://{request.url.netloc}").rstrip("/")


def serializer_of(request: Request) -> Serializer:
    """Makes entities with links that this client can follow."""
    sandbox = sandbox_of(request)
    return Serializer(sandbox.store, base_url(request), sandbox.settings.dialect)


def token_of(request: Request) -> Token | None:
    """The token of a request, from its header or query; None without a valid one."""
    return sandbox_of(request).oauth.token(bearer_of(request))


def bearer_of(request: Request) -> str:
    """The text of a request's token, from its header or query; '' without any."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        value = request.query_params.get("access_token", "")
    return value.strip()


def reader(request: Request) -> Account:
    """The account of a request that needs one. Raises ``RefusedError`` (401).

    The text is Doorkeeper's, whose errors Mastodon passes on:
    https://github.com/doorkeeper-gem/doorkeeper/blob/v5.8.2/config/locales/en.yml
    """
    token = token_of(request)
    if token is None:
        raise RefusedError(401, "The access token is invalid")
    return token.account


def writer(request: Request) -> Account:
    """The account of a request that changes something. Raises ``RefusedError`` (401 or 403).

    https://github.com/mastodon/mastodon/blob/v4.4.8/app/controllers/api/base_controller.rb
    """
    account = reader(request)
    token = token_of(request)
    if token is None or not token.may_write:
        raise RefusedError(403, "This action is outside the authorized scopes")
    return account


def allowed(request: Request, scope: str) -> Account:
    """The account of a request that needs a scope. Raises ``RefusedError`` (401 or 403)."""
    account = reader(request)
    token = token_of(request)
    if token is None or not token.may(scope):
        raise RefusedError(403, "This action is outside the authorized scopes")
    return account


def viewer_of(request: Request) -> Account | None:
    """The account that looks on, where nobody has to be one."""
    token = token_of(request)
    return None if token is None else token.account


def visible(status: Status, viewer: Account | None) -> bool:
    """Whether a status may be seen: private and direct posts by their author and those mentioned.

    Mastodon shows private ones to followers too:
    https://github.com/mastodon/mastodon/blob/v4.4.8/app/policies/status_policy.rb
    """
    own = viewer is not None and viewer.id == status.account_id
    named = viewer is not None and viewer in accounts_in(status.text)
    return own or named or status.visibility in ("public", "unlisted")


def visible_status(request: Request) -> Status:
    """The status in the path, if the client may see it; otherwise 404."""
    status = sandbox_of(request).store.status(request.path_params["id"])
    if not visible(status, viewer_of(request)):
        raise not_found()
    return status
