"""What a refused stream means."""

from alternator.errors import GoneError, ServerError, TemporaryServerError
from alternator.mastodon import server_errors

# Refusals that may pass although they are of the 400s: too slow, too many. All others say that
# there is no such stream, or none for this token; of the 500s that is said by 501 alone.
# https://www.rfc-editor.org/rfc/rfc9110#name-client-error-4xx
MAY_PASS = (408, 425, 429)
NOT_IMPLEMENTED = 501


def refusal(url: str, status: int) -> ServerError:
    """What an answer means that is not the stream that was asked for.

    A TemporaryServerError if it may pass, else another ServerError: not this way. A redirect is
    one as well: it is not followed, since the token would go along.
    """
    if status == NOT_IMPLEMENTED or 300 <= status < 400 or status in (404, 405, 410, 426):
        return GoneError(f"{url} is no stream of events (HTTP {status})")
    if status < 300 or status in MAY_PASS:
        return TemporaryServerError(f"{url} does not open a stream of events (HTTP {status})")
    return server_errors.of_code(url, status)
