"""What proves who asks: sent to the one address that it is for, and never shown."""

from urllib.parse import urlsplit, urlunsplit

import requests


class BearerToken(requests.auth.AuthBase):
    """Sends a token or key. As an authentication of its own it goes before a ``.netrc`` file."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class NoAuth(requests.auth.AuthBase):
    """Sends no credentials, those of a ``.netrc`` file neither."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def without_user(url: str) -> str:
    """An address without a user's name and password, as it may be shown; "" for what is none.

    https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
