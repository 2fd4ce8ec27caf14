"""Whether ``[signup]`` can be served as it is, judged before anybody comes."""

from urllib.parse import urlsplit

from alternator.config.dashboard import DashboardSettings
from alternator.config.signup import SignupSettings
from alternator.dashboard.server import is_loopback
from alternator.errors import ConfigError


def check(settings: SignupSettings, dashboard: DashboardSettings) -> None:
    """ConfigError where members could not come, or where what they send would be read by others."""
    if settings.address is None:
        raise ConfigError(
            "[signup] address is not set; write the address at which members reach `alternator "
            "web`, https://alt.example.org say: their servers send them back there"
        )
    parts = urlsplit(settings.address)
    if parts.path:
        raise ConfigError(
            f"[signup] address {settings.address} must have no path: the pages' addresses begin "
            f"at /join"
        )
    if is_loopback(parts.hostname or ""):
        return
    if parts.scheme != "https":
        raise ConfigError(
            f"[signup] address {settings.address} is not encrypted, and codes and sessions go "
            f"there; put what does https in front of `alternator web`"
        )
    if dashboard.token is None:
        raise ConfigError(
            "[signup] address is reached by others, and everybody there could open the dashboard, "
            "which is at the same address; set [dashboard] token (`openssl rand -hex 16` makes one)"
        )


def host_of(settings: SignupSettings) -> str:
    """The name by which members come."""
    return urlsplit(settings.address or "").hostname or ""
