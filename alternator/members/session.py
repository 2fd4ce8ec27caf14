"""Whose a browser is: a cookie that only this program's keys make, and that ends with the session.

It holds the enrolment's key and the session word that stands in the enrolment
(``alternator/members/entry.py``), so that to connect again, to sign out and to leave end it.
"""

import hmac
import json
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from alternator.members.cipher import Cipher
from alternator.members.entry import session_of
from alternator.store.cluster import Enrolled, Enrolment

SESSION_SECONDS = 30 * 24 * 3600
Which = Literal["alternator_member", "alternator_joining"]


@dataclass(frozen=True, kw_only=True)
class Cookies:
    """Cookies of one site; ``secure`` where members come by https.

    Then they have the prefix by which browsers take them from nobody else
    (https://www.rfc-editor.org/rfc/rfc6265#section-8.6;
    https://developer.mozilla.org/docs/Web/HTTP/Headers/Set-Cookie#cookie_prefixes).
    ``SameSite=Lax``: somebody who comes back from the server brings them.
    """

    secure: bool

    def name(self, which: Which) -> str:
        """A cookie's whole name."""
        return f"__Host-{which}" if self.secure else which

    def get(self, request: Request, which: Which) -> str:
        """What a browser brought; '' if nothing."""
        return request.cookies.get(self.name(which), "")

    def set(self, answer: Response, which: Which, value: str, seconds: int) -> None:
        """Have a browser keep a value."""
        answer.set_cookie(
            self.name(which),
            value,
            max_age=seconds,
            httponly=True,
            samesite="lax",
            secure=self.secure,
        )

    def delete(self, answer: Response, which: Which) -> None:
        """Have a browser forget it."""
        answer.delete_cookie(self.name(which), httponly=True, samesite="lax", secure=self.secure)


def session_cookie(entry: Enrolled, cipher: Cipher, now: float) -> str:
    """The value for somebody who just connected."""
    text = json.dumps([entry.key, session_of(entry)])
    return cipher.seal_until("session", text, now + SESSION_SECONDS)


def member_of(value: str, enrolment: Enrolment, cipher: Cipher, now: float) -> Enrolled | None:
    """Whose a cookie is; None where it is nobody's, or no more."""
    text = cipher.unseal_fresh("session", value, now) if value else None
    if text is None:
        return None
    key, word = json.loads(text)
    entry = enrolment.get(str(key))
    if entry is None or not session_of(entry):
        return None
    return entry if hmac.compare_digest(session_of(entry), str(word)) else None
