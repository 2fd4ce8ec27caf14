"""The dashboard of a bot in a container: whether it is published, and at which port.

A container's port is reached from outside it, so the bot wants a token; without one nothing is
published, and a line says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compose.stack import port_of
from probe.machine.operator_config import section_of

OVERLAY = "dashboard"
PORT_VARIABLE = "DASHBOARD_PORT"
DEFAULT_PORT = 8766  # the bot's as well (alternator/config/dashboard.py); a test compares them
# The demo's: whoever is on this machine may have it, as the sandbox server's.
DEMO_TOKEN = "sandbox-dashboard"
TOKENS = ("ALTERNATOR_DASHBOARD_TOKEN", "ALTERNATOR_DASHBOARD_TOKEN_FILE")
NO_TOKEN = (
    "Its dashboard is not published: in a container it needs a token. Write [dashboard] token "
    "(openssl rand -hex 16), or set ALTERNATOR_DASHBOARD_TOKEN, and run `make up` again."
)


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """``port`` of this machine, on 127.0.0.1; None where it is not published."""

    port: int | None
    line: str  # that tells a person of it; empty where none is wanted

    @property
    def overlays(self) -> tuple[str, ...]:
        """What publishes it."""
        return () if self.port is None else (OVERLAY,)

    @property
    def variables(self) -> dict[str, str]:
        """As the overlay takes them."""
        return {} if self.port is None else {PORT_VARIABLE: str(self.port)}


def of_demo(environ: Mapping[str, str]) -> Dashboard:
    """The demo's. ComposeError for a port that is none."""
    port = _port(environ, DEFAULT_PORT)
    if port == 0:
        return Dashboard(port=None, line="")
    return Dashboard(
        port=port, line=f"The bot's dashboard: http://127.0.0.1:{port}/ (token: {DEMO_TOKEN})"
    )


def of_account(config: Path | None, environ: Mapping[str, str]) -> Dashboard:
    """The one of a bot with this configuration. ComposeError for a port that is none."""
    section = {} if config is None else section_of(str(config), "dashboard")
    own = environ.get("ALTERNATOR_DASHBOARD_PORT") or section.get("port", DEFAULT_PORT)
    if str(own).strip() == "0":
        return Dashboard(port=None, line="")
    # One that is wrong, the bot names.
    own_port = int(str(own)) if str(own).isdecimal() and 0 < int(str(own)) < 65536 else DEFAULT_PORT
    port = _port(environ, own_port)
    if port == 0:
        return Dashboard(port=None, line="")
    if not section.get("token") and not any(environ.get(name) for name in TOKENS):
        return Dashboard(port=None, line=NO_TOKEN)
    return Dashboard(
        port=port,
        line=f"Its dashboard: http://127.0.0.1:{port}/ (it asks for the token of [dashboard])",
    )


def _port(environ: Mapping[str, str], default: int) -> int:
    return port_of(environ, PORT_VARIABLE, default, least=0, none=", or 0 for none")
