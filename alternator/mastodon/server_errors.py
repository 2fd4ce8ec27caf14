"""What a failed request to the Mastodon server means, as an error that says what to do.

Told by status code and class, never by texts: servers localise those. The server's own word is
told from that of a proxy, an ingress or a cache in front of it by its form: Mastodon's API says
each error as a JSON object with an ``error``
(https://docs.joinmastodon.org/entities/Error/). An ingress says ``404 page not found`` while the
server behind it restarts, and nothing is final that such a one says.
"""

import socket
from typing import TypeVar
from urllib.parse import urlsplit

import requests

from alternator.errors import (
    EditRefusedError,
    ForbiddenError,
    GoneError,
    RedirectedError,
    ServerError,
    TemporaryServerError,
    TokenRefusedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from alternator.mastodon.waits import RATE_LIMIT_SECONDS, wait_of
from alternator.web.one_line import one_line
from alternator.web.session import REDIRECTS, Answer

Cause = TypeVar("Cause", bound=BaseException)

# https://docs.joinmastodon.org/api/oauth-scopes/
SCOPES = "read:accounts read:statuses write:statuses"
# What more is needed where posted media are described without an edit (``Dialect.scopes``).
MEDIA_SCOPE = "on some servers write:media too (docs/servers.md)"
LONGEST_REASON = 200  # characters of what a server says, in a message


def of_answer(url: str, answer: Answer) -> ServerError:
    """What an answer that is no success means."""
    code = answer.status
    if code == 429:
        return busy(url, wait_of(answer))
    if code == 503 and (wait := wait_of(answer)) is not None:
        return TemporaryServerError(f"{url} asks to wait {wait:.0f} s (HTTP 503)", retry_after=wait)
    if code >= 500:
        return of_code(url, code)
    if code in REDIRECTS:
        return redirected(url, answer)
    said = own_words(answer)
    if said is None:
        return UnexpectedAnswerError(
            f"{url} has an answer that is not its own (HTTP {code} without its error): something "
            f"in front of it, or it is starting; tried again later"
        )
    return of_code(url, code, said)


def of_code(url: str, code: int, said: str = "") -> ServerError:
    """What the server itself means by a status code; ``said`` is its reason, for the log."""
    if code == 429:
        return busy(url, None)
    if code >= 500:
        return TemporaryServerError(f"{url} has trouble (HTTP {code}); tried again later")
    reason = f" (it says: {said})" if said else ""
    if code == 401:
        return TokenRefusedError(
            f"{url} rejects the access token; create one with the scopes {SCOPES} "
            f"(Preferences, Development) and set [mastodon] access_token"
        )
    if code == 403:
        return ForbiddenError(
            f"{url} refuses this to the access token; it needs the scopes {SCOPES}, "
            f"{MEDIA_SCOPE}, and the account must not be suspended{reason}"
        )
    if code in (404, 410):
        return GoneError(f"{url} does not have it (HTTP {code})")
    return EditRefusedError(
        f"{url} refused the request (HTTP {code}){reason}; try whether its web page takes the same "
        f"edit"
    )


def busy(url: str, wait: float | None) -> TemporaryServerError:
    """A rate limit that ends in ``wait`` seconds, if that is known."""
    wait = RATE_LIMIT_SECONDS if wait is None else max(wait, 1.0)
    return TemporaryServerError(f"{url} asks to wait {wait:.0f} s (rate limit)", retry_after=wait)


def redirected(url: str, answer: Answer) -> ServerError:
    """An answer that names another address. None is followed: the token would go there."""
    try:
        target = urlsplit(answer.headers.get("Location") or "")
        other = f"{target.scheme}://{target.hostname}" if target.scheme and target.hostname else ""
    except ValueError:
        other = ""
    where = one_line(other, LONGEST_REASON) if other else "elsewhere"
    return RedirectedError(
        f"{url} redirects to {where} (HTTP {answer.status}); set [mastodon] instance_url to the "
        f"server's own address"
    )


def unreachable(url: str, error: BaseException) -> ServerError:
    """A request that got no answer."""
    if has_cause(error, requests.exceptions.SSLError):
        return UnreachableError(
            f"{url}: the server's TLS certificate is not accepted; correct [mastodon] "
            f"instance_url, or name the authority that signed it in REQUESTS_CA_BUNDLE"
        )
    if is_no_name(error):
        return UnreachableError(
            f"{url} can't be reached (there is no such name); check [mastodon] instance_url"
        )
    # Nobody listens, or there is no way there: a server that is down looks like that.
    reason = "no answer in time" if has_cause(error, requests.Timeout) else "no connection"
    return TemporaryServerError(
        f"{url} can't be reached ({reason}); check [mastodon] instance_url, and that this "
        f"machine reaches it"
    )


def not_understood(url: str) -> ServerError:
    """An answer that no Mastodon server gives, before it was ever known to be one."""
    return ServerError(
        f"{url} does not answer like a Mastodon server; check [mastodon] instance_url"
    )


def own_words(answer: Answer) -> str | None:
    """The server's own reason, cleaned; None where the answer is not in the API's form.

    "" for one that gives no text: Misskey's forks put an object there.
    """
    try:
        found = answer.json()
    except ValueError:
        return None
    if not isinstance(found, dict) or not found.get("error"):
        return None
    said = found["error"]
    return one_line(said, LONGEST_REASON) if isinstance(said, str) else ""


def is_no_name(error: BaseException) -> bool:
    """Whether the name service says that there is no such name, and not that it is in trouble.

    https://manpages.debian.org/bookworm/manpages-dev/getaddrinfo.3.en.html
    """
    cause = cause_of(error, socket.gaierror)
    return cause is not None and cause.errno in (socket.EAI_NONAME, socket.EAI_NODATA)


def has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    """Whether the error is a ``kind`` or came from one."""
    return cause_of(error, kind) is not None


def cause_of(error: BaseException | None, kind: type[Cause]) -> Cause | None:
    """The error itself or the nearest that it came from, if it is a ``kind``."""
    while error is not None:
        if isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None
