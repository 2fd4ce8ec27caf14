"""How long a server asks to wait, by the headers of its answer; only what can be true is believed.

``Retry-After`` goes first, since it is meant for nothing else
(https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3). ``X-RateLimit-Reset`` is ISO 8601 with
Mastodon and GoToSocial since 0.12, and Unix time with GoToSocial before that:
https://docs.joinmastodon.org/api/rate-limits/ and
https://docs.gotosocial.org/en/latest/api/ratelimiting/
"""

from datetime import UTC, datetime

from alternator.mastodon.json_fields import parse_time
from alternator.web.dates import Answered, clock_of, retry_after_of

RATE_LIMIT_SECONDS = 10.0  # where a server does not say when it ends
# Edits are counted over three hours (https://docs.joinmastodon.org/api/rate-limits/); a reset that
# lies further ahead is one in milliseconds, or of a clock that is wrong.
LONGEST_LIMIT_SECONDS = 3 * 3600.0 + 300.0


def wait_of(answer: Answered) -> float | None:
    """Seconds to wait before the next request; None where the answer says nothing credible.

    A reset that is over already does not say that it may be asked again now: the answer is old, or
    a clock is off.
    """
    for wait in (retry_after_of(answer), reset_of(answer)):
        if wait is not None and 0 < wait <= LONGEST_LIMIT_SECONDS:
            return wait
    return None


def reset_of(answer: Answered) -> float | None:
    """What ``X-RateLimit-Reset`` says, in seconds from now; None if nothing."""
    text = (answer.headers.get("X-RateLimit-Reset") or "").strip()
    try:
        reset = datetime.fromtimestamp(float(text), UTC) if text.isdecimal() else parse_time(text)
    except (ValueError, OverflowError, OSError):
        return None
    return (reset - clock_of(answer)).total_seconds()
