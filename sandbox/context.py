"""One sandbox server's parts, and what a request needs of them."""

from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from sandbox.errors import RefusedError, not_found
from sandbox.faults import Faults
from sandbox.model.limits import Limits
from sandbox.model.model import TOKENS, Account, Status, Token
from sandbox.model.posting import Posting
from sandbox.model.request_log import Journal
from sandbox.model.serialize import Serializer
from sandbox.model.store import Store
from sandbox.model.streams import Hub
from sandbox.model.uploads import Uploads
from sandbox.settings import Settings


@dataclass(kw_only=True)
class Switches:
    """What can be turned off as a whole."""

    streaming: bool = True


class Sandbox:
    """All parts of one server. Endpoints find it at ``request.app.state.sandbox``."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(folder)
        self.hub = Hub(settings.heartbeat_seconds)
        self.posting = Posting(self.store, self.hub, settings)
        self.uploads = Uploads(self.store, settings)
        self.journal = Journal()
        self.faults = Faults()
        self.limits = Limits(settings)
        self.switches = Switches()

    def reset(self) -> None:
        """As on the first day: no posts, no faults, an empty journal, full rate limits."""
        self.store.clear()
        self.faults.clear()
        self.journal.clear()
        self.limits.clear()
        self.switches.streaming = True


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
    return Serializer(sandbox_of(request).store, base_url(request))


def token_of(request: Request) -> Token | None:
    """The token of a request, from its header or query; None without a valid one."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        value = request.query_params.get("access_token", "")
    return TOKENS.get(value.strip())


def reader(request: Request) -> Account:
    """The account of a request that needs one. Raises ``RefusedError`` (401)."""
    token = token_of(request)
    if token is None:
        raise RefusedError(401, "The access token is invalid")
    return token.account


def writer(request: Request) -> Account:
    """The account of a request that changes something. Raises ``RefusedError`` (401 or 403)."""
    account = reader(request)
    token = token_of(request)
    if token is None or not token.may_write:
        raise RefusedError(403, "This action is outside the authorized scopes")
    return account


def viewer_of(request: Request) -> Account | None:
    """The account that looks on, where nobody has to be one."""
    token = token_of(request)
    return None if token is None else token.account


def visible(status: Status, viewer: Account | None) -> bool:
    """Whether a status may be seen: private and direct posts only by their author."""
    own = viewer is not None and viewer.id == status.account_id
    return own or status.visibility in ("public", "unlisted")


def visible_status(request: Request) -> Status:
    """The status in the path, if the client may see it; otherwise 404."""
    status = sandbox_of(request).store.status(request.path_params["id"])
    if not visible(status, viewer_of(request)):
        raise not_found()
    return status
