"""Tells a connection that broke from one that there never was."""

import requests
from urllib3.exceptions import NewConnectionError


def never_connected(error: requests.ConnectionError) -> bool:
    """Whether there was no connection at all: then it is nothing about what was sent."""
    if isinstance(error, requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
