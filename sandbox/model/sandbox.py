"""One sandbox server's parts together."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.control.faults import Faults
from sandbox.control.request_log import RequestLog
from sandbox.model.limits import Limits
from sandbox.model.oauth import OAuth
from sandbox.model.posting import Posting
from sandbox.model.store import Store
from sandbox.model.streams import Hub
from sandbox.model.uploads import Uploads
from sandbox.settings import Settings


@dataclass(kw_only=True)
class Switches:
    """What can be turned off as a whole."""

    streaming: bool = True


class Sandbox:
    """All parts of one server. Endpoints find it by ``sandbox.api.caller.sandbox_of``."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(folder)
        self.hub = Hub(settings.heartbeat_seconds, self.store.follows)
        self.posting = Posting(self.store, self.hub, settings)
        self.uploads = Uploads(self.store, settings)
        self.request_log = RequestLog()
        self.faults = Faults()
        self.limits = Limits(settings)
        self.switches = Switches()
        self.oauth = OAuth(pkce=settings.dialect.pkce)

    def reset(self) -> None:
        """As on the first day: no posts, no faults, an empty request log, full rate limits."""
        self.store.clear()
        self.faults.clear()
        self.request_log.clear()
        self.limits.clear()
        self.oauth.clear()
        self.switches.streaming = True
        self.hub.silent = self.hub.deaf = frozenset()
