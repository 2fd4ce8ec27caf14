"""Reads an HTTP answer within bounds: requests itself bounds only the silence between two bytes."""

import time
from collections.abc import Iterator

import requests
from urllib3.exceptions import HTTPError

CHUNK_BYTES = 64 * 1024


class TooLargeError(Exception):
    """The answer has more bytes than allowed."""


def read_limited(response: requests.Response, *, most: int, seconds: float) -> Iterator[bytes]:
    """The body of a response opened with ``stream=True``, piece by piece as it arrives.

    Raises:
        TooLargeError: it has more than ``most`` bytes, or says that it will.
        requests.Timeout: it is not complete after so many seconds.
        requests.ConnectionError: the connection broke off.
    """
    deadline = time.monotonic() + seconds
    announced = response.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) > most:
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
        if size > most:
            raise TooLargeError
        if time.monotonic() > deadline:
            raise requests.Timeout
        yield chunk
