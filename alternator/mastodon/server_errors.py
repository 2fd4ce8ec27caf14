"""What a failed request to the Mastodon server means, as an error that says what to do.

Told by status code and class, never by texts: servers localise those.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from alternator.errors import EditRefusedError, GoneError, ServerError, TemporaryServerError
from alternator.mastodon.json_fields import parse_time

# https://docs.joinmastodon.org/api/oauth-scopes/
SCOPES = "read:accounts read:statuses write:statuses"
RATE_LIMIT_SECONDS = 10.0  # where a server does not say when it ends


def of_response(url: str, response: requests.Response) -> ServerError:
    """What an answer that is no success means."""
    return of_code(url, response.status_code, reset_of(response))


def of_code(url: str, code: int, wait: float | None = None) -> ServerError:
    """What a status code means; ``wait`` is the time in seconds until a rate limit ends."""
    if code == 401:
        return ServerError(
            f"{url} rejects the access token; create one with the scopes {SCOPES} "
            f"(Preferences, Development) and set [mastodon] access_token"
        )
    if code == 403:
        return ServerError(
            f"{url} refuses this to the access token; it needs the scopes {SCOPES}, "
            f"and the account must not be suspended"
        )
    if code in (404, 410):
        return GoneError(f"{url} does not have it (HTTP {code})")
    if code == 429:
        # A reset that is not told or already over: wait a little all the same.
        wait = RATE_LIMIT_SECONDS if wait is None else max(wait, 1.0)
        return TemporaryServerError(
            f"{url} asks to wait {wait:.0f} s (rate limit)", retry_after=wait
        )
    if code >= 500:
        return TemporaryServerError(f"{url} has trouble (HTTP {code}); tried again later")
    return EditRefusedError(
        f"{url} refused the request (HTTP {code}); try whether its web page takes the same edit"
    )


def unreachable(url: str, error: BaseException) -> ServerError:
    """A request that got no answer."""
    if has_cause(error, requests.exceptions.SSLError):
        return TemporaryServerError(
            f"{url}: the server's TLS certificate is not accepted; correct [mastodon] "
            f"instance_url, or name the authority that signed it in REQUESTS_CA_BUNDLE"
        )
    reason = "no answer in time" if has_cause(error, requests.Timeout) else "no connection"
    return TemporaryServerError(
        f"{url} can't be reached ({reason}); check [mastodon] instance_url, and that this "
        f"machine reaches it"
    )


def not_understood(url: str) -> ServerError:
    """An answer that no Mastodon server gives."""
    return ServerError(
        f"{url} does not answer like a Mastodon server; check [mastodon] instance_url"
    )


def reset_of(response: requests.Response) -> float | None:
    """Seconds until the rate limit ends, by the response's headers; None if they don't say.

    Mastodon and GoToSocial since 0.12 give ISO 8601, GoToSocial before that gave Unix time:
    https://docs.joinmastodon.org/api/rate-limits/ and
    https://docs.gotosocial.org/en/latest/api/ratelimiting/
    """
    text = response.headers.get("X-RateLimit-Reset") or ""
    try:
        reset = datetime.fromtimestamp(float(text), UTC) if text.isdigit() else parse_time(text)
    except (ValueError, OverflowError, OSError):
        return None
    return (reset - clock_of(response)).total_seconds()


def clock_of(response: requests.Response) -> datetime:
    """What the server's clock said when it answered, since ours may be off; else ours."""
    try:
        found = parsedate_to_datetime(response.headers.get("Date") or "")
    except ValueError:
        return datetime.now(UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    """Whether the error is a ``kind`` or came from one."""
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
