"""Who may open the dashboard: by name of the host, by origin, by token.

- **Host.** A page of another site may have its own name lead to this machine's address (DNS
  rebinding), and would then be this page's origin. It can't choose an address instead of a name, so
  addresses and ``localhost`` are let in, and names only where the operator wrote them down.
- **Origin.** Whatever changes something is a POST, and browsers say which page sent it
  (https://fetch.spec.whatwg.org/#origin-header). One of another origin is refused, and so is one
  that does not say, unless it brings the token itself, as no page of another site can.
- **Token.** Sent as a bearer token, or once in the form of the login page. The browser then keeps a
  cookie that is made of the token and can't be turned back into it.
"""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

COOKIE = "alternator_dashboard"
SESSION_SECONDS = 30 * 24 * 3600
SHORTEST_TOKEN = 16


@dataclass(frozen=True, kw_only=True)
class Access:
    """What is asked of who comes: a ``token``, unless it is None, and one of the ``names``."""

    token: str | None
    names: Collection[str] = ()

    def is_host(self, host: str) -> bool:
        """Whether a ``Host`` header names this machine in a way that no other site can."""
        name = host_name(host)
        return (
            name == "localhost"
            or name.endswith(".localhost")
            or is_address(name)
            or name in {known.lower() for known in self.names}
        )

    def is_token(self, given: str) -> bool:
        """Whether it is the token. How long that takes says nothing of it."""
        return self.token is not None and hmac.compare_digest(digest(given), digest(self.token))

    def brings_token(self, authorization: str | None) -> bool:
        """Whether a header brings the token."""
        scheme, _, given = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and self.is_token(given.strip())

    def is_known(self, cookies: str | None, now: float) -> bool:
        """Whether a ``Cookie`` header has a session of this token that is not over."""
        try:
            morsel = SimpleCookie(cookies or "").get(COOKIE)
        except CookieError:
            return False
        if morsel is None or self.token is None:
            return False
        ends, _, rest = morsel.value.partition(".")
        nonce, _, mark = rest.partition(".")
        if not (ends.isascii() and ends.isdigit() and len(ends) < 16):
            return False
        is_ours = hmac.compare_digest(self._mark(ends, nonce).encode(), mark.encode())
        return is_ours and int(ends) > now

    def session(self, now: float) -> str:
        """The value of a cookie for somebody who knows the token."""
        ends, nonce = str(int(now) + SESSION_SECONDS), secrets.token_hex(8)
        return f"{ends}.{nonce}.{self._mark(ends, nonce)}"

    def _mark(self, ends: str, nonce: str) -> str:
        assert self.token is not None, "there are no sessions without it"
        key = digest(f"alternator dashboard session\n{self.token}")
        return hmac.new(key, f"{ends}.{nonce}".encode(), hashlib.sha256).hexdigest()


def is_same_origin(origin: str | None, host: str) -> bool:
    """Whether an ``Origin`` header is that of a page of this server."""
    try:
        return origin is not None and urlsplit(origin).netloc.lower() == host.lower() != ""
    except ValueError:  # brackets that hold no address
        return False


def host_name(host: str) -> str:
    """The name in a ``Host`` header, without its port; '' where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        return "" if "@" in parts.netloc else (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_address(name: str) -> bool:
    """Whether it is an address of the internet protocol."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def digest(text: str) -> bytes:
    """What is compared in place of the text: of one length whatever that is."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
