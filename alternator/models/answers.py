"""What a server's answer to a download says, and why there was none."""

import re
from collections.abc import Mapping

import requests

from alternator.web.one_line import one_line


def start_of(headers: Mapping[str, str]) -> int | None:
    """Where a part begins that a server gives.

    https://www.rfc-editor.org/rfc/rfc9110#name-content-range
    """
    found = re.match(r"bytes (\d+)-", headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def length_of(headers: Mapping[str, str], otherwise: int) -> int:
    """How many bytes an answer says that it has."""
    told = headers.get("Content-Length", "")
    return int(told) if told.isdecimal() else otherwise


def reason_of_request(error: requests.RequestException) -> str:
    """Why nothing was had, in few words: the last of the errors behind it."""
    if isinstance(error, requests.Timeout):
        return "it does not answer in time"
    inner: BaseException = error
    while True:
        below = getattr(inner, "reason", None) or inner.__cause__ or inner.__context__
        arguments = [one for one in inner.args if isinstance(one, BaseException)]
        following = below if isinstance(below, BaseException) else next(iter(arguments), None)
        if following is None or following is inner:
            break
        inner = following
    words = getattr(inner, "strerror", None) or str(inner)
    return one_line(words, 200) or type(inner).__name__
