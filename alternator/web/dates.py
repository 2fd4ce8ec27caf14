"""Times in the headers of an answer."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol


class Answered(Protocol):
    """An answer, of which the headers count."""

    @property
    def headers(self) -> Mapping[str, str]: ...


def retry_after_of(answer: Answered) -> float | None:
    """What ``Retry-After`` says, in seconds, below 0 for a moment that is over; None if nothing.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = (answer.headers.get("Retry-After") or "").strip()
    if text.isdecimal():
        return finite(text)
    moment = date_of(text)
    return None if moment is None else (moment - clock_of(answer)).total_seconds()


def clock_of(answer: Answered) -> datetime:
    """What the server's clock said when it answered, since ours may be off; else ours."""
    return date_of(answer.headers.get("Date") or "") or datetime.now(UTC)


def date_of(text: str) -> datetime | None:
    """A date of HTTP's headers; None if it is none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def finite(text: str) -> float | None:
    """A number; None for one beyond all numbers."""
    found = float(text)
    return found if math.isfinite(found) else None
