"""A package index over HTTP: its page of torch, and parts of what that links to.

A page and its links: https://packaging.python.org/en/latest/specifications/simple-repository-api/
A wheel's name says its Python and platform:
https://packaging.python.org/en/latest/specifications/binary-distribution-format/
Its metadata may lie beside it, which the link says:
https://packaging.python.org/en/latest/specifications/simple-repository-api/#serving-distribution-metadata-in-the-simple-repository-api
"""

import io
import urllib.error
import urllib.request
from dataclasses import dataclass
from html.parser import HTMLParser
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

from probe.errors import ProbeError
from probe.exit_codes import ExitCode

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

TIMEOUT_S = 30
LARGEST = 64 * 1024 * 1024  # bytes of one page, or of one part of a file
BUFFER = 1024 * 1024  # bytes that are asked for at once


class UnreachableError(ProbeError):
    """The package index did not answer."""

    exit_code = ExitCode.INDEX


class UnreadableError(Exception):
    """What a link leads to can't be read; the message says why, without the address."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A file that a page of an index links to."""

    name: str
    url: str
    metadata: bool = False  # the index says that the file's metadata lies beside it


def links_of(index: str, tag: str) -> list[Link] | None:
    """What the page of torch of one tag links to; None where the index lacks the tag.

    Raises ``UnreachableError`` if the index does not answer.
    """
    url = f"{index}/{tag}/torch/"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            page = answer.read(LARGEST).decode("utf-8", errors="replace")
    except urllib.error.HTTPError as error:
        if error.code in (403, 404):  # what a bucket says of a page that is not there
            return None
        raise UnreachableError(f"{url} answers with HTTP {error.code}; try again later") from error
    except (OSError, ValueError) as error:
        raise UnreachableError(
            f"{url} can't be reached ({_reason(error)}); run this where the network is open, or "
            f"name a mirror: python -m tools.builds_check --index URL"
        ) from error
    links = _Links(url)
    links.feed(page)
    return links.found


def metadata_of(link: Link) -> str:
    """The wheel's METADATA, which lies beside it. Raises ``UnreadableError``."""
    if not link.metadata:
        raise UnreadableError("the index has no metadata beside it")
    try:
        with urllib.request.urlopen(f"{link.url}.metadata", timeout=TIMEOUT_S) as answer:
            return str(answer.read(LARGEST).decode("utf-8", errors="replace"))
    except (OSError, ValueError) as error:
        raise UnreadableError(f"its metadata can't be read ({_reason(error)})") from error


def _reason(error: Exception) -> object:
    return getattr(error, "reason", None) or error


class RemoteFile(io.RawIOBase):
    """A file on a server, of which only the parts that are read are fetched.

    ``OSError`` where the server answers with the whole file, or not at all. Given to
    ``io.BufferedReader``, which asks for enough at once.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url, self._at, self._size = url, 0, 1
        self._part(0, 0)  # which tells how large the whole is

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next part begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Where the next part is to begin."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """The next part, fetched."""
        into = memoryview(buffer).cast("B")
        last = min(self._at + len(into), self._size) - 1
        if last < self._at:
            return 0
        part = self._part(self._at, last)
        into[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _part(self, first: int, last: int) -> bytes:
        request = urllib.request.Request(self._url, headers={"Range": f"bytes={first}-{last}"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            whole = answer.headers.get("Content-Range", "").rpartition("/")[2]
            if answer.status != HTTPStatus.PARTIAL_CONTENT or not whole.isdecimal():
                raise OSError("the server gives whole files only")
            self._size = int(whole)
            part: bytes = answer.read(last - first + 1)
        return part


class _Links(HTMLParser):
    """The files that a page of a package index links to."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.found: list[Link] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the target of a link, without its hash."""
        values = dict(attrs)
        target = values.get("href") if tag == "a" else None
        if target:
            address = target.partition("#")[0]
            self.found.append(
                Link(
                    name=unquote(address).rpartition("/")[2],
                    url=urljoin(self._url, address),
                    metadata=bool(
                        {"data-core-metadata", "data-dist-info-metadata"} & values.keys()
                    ),
                )
            )
