"""Which models a server lists: the question that tells whether it is there, and lets us in.

https://platform.openai.com/docs/api-reference/models/list. Asked by the worker when it starts, and
by the asking side while a server is away: nothing here imports numpy.
"""

from dataclasses import dataclass

import requests

from alternator.errors import ConfigError
from alternator.speech.engines.engine import Server
from alternator.speech.engines.openai_api.trouble import not_understood, refused, unanswered
from alternator.web.credentials import BearerToken, without_user
from alternator.web.json_body import NoJsonError
from alternator.web.session import USER_AGENT, Limits, TooLargeError, WebSession

SECONDS = 10.0
NO_LISTING = (404, 405, 501)
NO_ENTRY = (401, 403)
CONFIDENCE = "confidence"


def name_of(server: Server) -> str:
    """Its address, as messages may show it."""
    return without_user(server.url).rstrip("/")


def session_of(server: Server) -> WebSession:
    """Requests to it, of one thread."""
    auth = BearerToken(server.token) if server.token else None
    return WebSession(auth=auth, headers={"User-Agent": USER_AGENT})


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The models that a server lists. ``confident``: it can say how sure it is, which is a word of
    ``alternator serve`` (``include[]=confidence``)."""

    names: tuple[str, ...] = ()
    confident: bool = False


def listed_models(server: Server, model: str) -> Listing:
    """What it lists, nothing where it has no list. ``model`` is for the message.

    SpeechServerError if it is away, ConfigError if it rejects the token.
    """
    name, limits = name_of(server), Limits(seconds=SECONDS, connect=SECONDS, silence=SECONDS)
    try:
        answer = session_of(server).send("GET", f"{server.url}/models", limits=limits)
    except (requests.RequestException, UnicodeError) as error:
        raise unanswered(name, error, SECONDS).error from None
    except TooLargeError:
        raise not_understood(name).error from None
    if answer.status in NO_LISTING:
        return Listing()
    if not answer.ok:
        refusal = refused(name, model, answer).error
        raise ConfigError(str(refusal)) if answer.status in NO_ENTRY else refusal
    try:
        listed = answer.json()
    except NoJsonError:
        raise not_understood(name).error from None
    entries = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(entries, list):
        raise not_understood(name).error
    found = [entry for entry in entries if isinstance(entry, dict)]
    extras = [entry.get("include") for entry in found]
    return Listing(
        names=tuple(entry["id"] for entry in found if isinstance(entry.get("id"), str)),
        confident=any(isinstance(extra, list) and CONFIDENCE in extra for extra in extras),
    )
