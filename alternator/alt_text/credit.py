"""How much money is left at the endpoint, where it reports that. OpenRouter does, in two ways:

- ``GET /credits``: ``data.total_credits`` (paid in) less ``data.total_usage`` (spent), in USD, for
  the whole account; asked with a management key alone.
  https://openrouter.ai/docs/api/api-reference/credits/get-credits
- ``GET /key``: ``data.limit_remaining``, what is left of this key's own limit, null for one without
  a limit. https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key
"""

from collections.abc import Mapping

import requests

from alternator.config.models import VisionSettings
from alternator.errors import EndpointError
from alternator.web.credentials import BearerToken, without_user
from alternator.web.session import Answer, Limits, WebSession

LIMITS = Limits(seconds=30.0)


def money_left(settings: VisionSettings) -> float | None:
    """What is left in USD, by whichever of the two is less; None where neither is told.

    EndpointError if the endpoint can't be asked now.
    """
    if settings.api_key is None:
        return None
    session = WebSession(auth=BearerToken(settings.api_key), headers={"Accept": "application/json"})
    found = [left for path in WAYS if (left := asked(session, settings.base_url, path)) is not None]
    return min(found, default=None)


def asked(session: WebSession, url: str, path: str) -> float | None:
    """What one of the two ways tells; None if it does not."""
    try:
        answer = session.send("GET", url + path, limits=LIMITS)
    except requests.RequestException as error:
        raise EndpointError(
            f"{without_user(url)} can't be asked for its credit: {type(error).__name__}"
        ) from error
    if answer.status == 429 or answer.status >= 500:
        raise EndpointError(
            f"{without_user(url)} does not tell its credit now (HTTP {answer.status})"
        )
    return WAYS[path](data_of(answer)) if answer.ok else None


def data_of(answer: Answer) -> Mapping[str, object]:
    """The fields of an answer's ``data``; none if it is of another form."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    data = found.get("data") if isinstance(found, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def credit_left(data: Mapping[str, object]) -> float | None:
    """What was paid in less what was spent."""
    paid, spent = number(data, "total_credits"), number(data, "total_usage")
    return None if paid is None or spent is None else paid - spent


def limit_left(data: Mapping[str, object]) -> float | None:
    """What is left of a key's limit; None for one without."""
    return number(data, "limit_remaining")


WAYS = {"/credits": credit_left, "/key": limit_left}


def number(data: Mapping[str, object], key: str) -> float | None:
    """A number; None for anything else."""
    found = data.get(key)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
