"""Asks a server which software it is, by nodeinfo: https://nodeinfo.diaspora.software/protocol

A courtesy that not every server has, so it is asked without the token, and what does not come in a
few tries is taken for no answer.
"""

import logging
import random
from urllib.parse import urlsplit

import requests

from alternator.errors import UnexpectedAnswerError
from alternator.mastodon.json_fields import fields_of, inner, list_of, text_of
from alternator.progress import SILENT, Progress
from alternator.web.session import Limits, TooLargeError, WebSession

log = logging.getLogger(__name__)

SCHEMAS = "http://nodeinfo.diaspora.software/ns/schema/"
LIMITS = Limits(seconds=10.0, most=1024 * 1024)
# A server that is only busy must not be taken for one of another software.
ATTEMPTS = 3


class NoNodeinfoError(Exception):
    """The server has none."""


def software_name(url: str, user_agent: str, progress: Progress = SILENT) -> str | None:
    """The software's name, for example "gotosocial"; None if the server does not tell it."""
    session = WebSession(headers={"User-Agent": user_agent, "Accept": "application/json"})
    for attempt in range(ATTEMPTS):
        if attempt:
            progress.pause(2**attempt * random.uniform(0.5, 1.0))
        try:
            return _software_name(url, session)
        except NoNodeinfoError:
            return None
        except (requests.RequestException, TooLargeError, UnexpectedAnswerError, ValueError) as e:
            log.debug("%s tells no nodeinfo (%s)", url, type(e).__name__)
    return None


def _software_name(url: str, session: WebSession) -> str | None:
    document = _get(f"{url}/.well-known/nodeinfo", session)
    for entry in list_of(fields_of(document, "nodeinfo"), "links"):
        link = fields_of(entry, "link of nodeinfo")
        address = text_of(link, "href") or ""
        # On the server itself: this goes nowhere that the configuration does not name.
        if (text_of(link, "rel") or "").startswith(SCHEMAS) and _is_of(address, url):
            found = fields_of(_get(address, session), "nodeinfo")
            return text_of(inner(found, "software"), "name")
    return None


def _get(address: str, session: WebSession) -> object:
    answer = session.send("GET", address, limits=LIMITS)
    if answer.status in (404, 410):
        raise NoNodeinfoError
    if not answer.ok:
        raise UnexpectedAnswerError(f"HTTP {answer.status}")
    return answer.json()


def _is_of(address: str, url: str) -> bool:
    return urlsplit(address).hostname == urlsplit(url).hostname
