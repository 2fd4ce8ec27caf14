"""Asks a server which software it is, by nodeinfo: https://nodeinfo.diaspora.software/protocol

A courtesy that not every server has, so it is asked once, without the token, and every failure is
taken for no answer.
"""

import logging
from urllib.parse import urlsplit

import requests

from alternator.errors import UnexpectedAnswerError
from alternator.mastodon.json_fields import fields_of, inner, list_of, text_of

log = logging.getLogger(__name__)

SCHEMAS = "http://nodeinfo.diaspora.software/ns/schema/"
TIMEOUT_SECONDS = 10.0


def software_name(url: str, user_agent: str) -> str | None:
    """The software's name, for example "gotosocial"; None if the server does not tell it."""
    try:
        document = _get(f"{url}/.well-known/nodeinfo", user_agent)
        for entry in list_of(fields_of(document, "nodeinfo"), "links"):
            link = fields_of(entry, "link of nodeinfo")
            address = text_of(link, "href") or ""
            # On the server itself: this goes nowhere that the configuration does not name.
            if (text_of(link, "rel") or "").startswith(SCHEMAS) and _is_of(address, url):
                found = fields_of(_get(address, user_agent), "nodeinfo")
                return text_of(inner(found, "software"), "name")
    except (requests.RequestException, UnexpectedAnswerError, ValueError) as error:
        log.debug("%s has no nodeinfo: %s", url, error)
    return None


def _get(address: str, user_agent: str) -> object:
    response = requests.get(
        address,
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        timeout=TIMEOUT_SECONDS,
    )
    response.raise_for_status()
    answer: object = response.json()
    return answer


def _is_of(address: str, url: str) -> bool:
    return urlsplit(address).hostname == urlsplit(url).hostname
