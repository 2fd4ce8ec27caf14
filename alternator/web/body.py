"""Reads an HTTP answer within bounds: requests itself bounds only the silence between two bytes."""

import time
from collections.abc import Iterator

import requests
from urllib3.exceptions import HTTPError

CHUNK_BYTES = 64 * 1024


class TooLargeError(Exception):
    """The answer has more bytes than allowed."""


def read_limited(
    response: requests.Response, *, most: int | None, seconds: float | None
) -> Iterator[bytes]:
    """The body of a response opened with ``stream=True``, piece by piece as it arrives.

    None for ``most`` or ``seconds``: without that bound.

    Raises:
        TooLargeError: it has more than ``most`` bytes, or says that it will.
        requests.Timeout: it is not complete after so many seconds.
        requests.ConnectionError: the connection broke off.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    announced = response.headers.get("Content-Length", "")
    if most is not None and announced.isdigit() and int(announced) > most:
        raise TooLargeError
    size = 0
    while True:
        try:
            # read1 hands over what is there; read would wait for a full chunk.
            chunk = response.raw.read1(CHUNK_BYTES, decode_content=True)
        except HTTPError as error:
            raise requests.ConnectionError(error) from error
        if not chunk:
            return
        size += len(chunk)
        if most is not None and size > most:
            raise TooLargeError
        if deadline is not None and time.monotonic() > deadline:
            raise requests.Timeout
        yield chunk
