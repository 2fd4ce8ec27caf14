"""A form, as it is sent: fields alone, or with a file that is made piece by piece.

https://www.rfc-editor.org/rfc/rfc7578. requests' own ``files=`` reads every file into memory.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True, kw_only=True)
class FormFile:
    """``pieces`` gives its content, ``size`` bytes, anew for each try."""

    field: str
    name: str
    media_type: str
    size: int
    pieces: Callable[[], Iterable[bytes]]


class Form:
    """Fields, and behind them one file. Names are ours; values may be anything."""

    def __init__(self, fields: Sequence[tuple[str, str]], file: FormFile) -> None:
        self._boundary = secrets.token_hex(16)
        begin = f"--{self._boundary}\r\nContent-Disposition: form-data; name="
        parts = [f'{begin}"{name}"\r\n\r\n{value}\r\n' for name, value in fields]
        parts.append(
            f'{begin}"{file.field}"; filename="{file.name}"\r\n'
            f"Content-Type: {file.media_type}\r\n\r\n"
        )
        self._head = "".join(parts).encode("utf-8", "replace")
        self._tail = f"\r\n--{self._boundary}--\r\n".encode("ascii")
        self._file = file

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes with it."""
        return {"Content-Type": f"multipart/form-data; boundary={self._boundary}"}

    def __len__(self) -> int:
        """In bytes: requests tells the server."""
        return len(self._head) + self._file.size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        yield from self._file.pieces()
        yield self._tail


class Fields:
    """Fields alone: https://url.spec.whatwg.org/#application/x-www-form-urlencoded."""

    headers: Mapping[str, str] = {"Content-Type": "application/x-www-form-urlencoded"}

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._body = urlencode(fields).encode("ascii")

    def __len__(self) -> int:
        """In bytes."""
        return len(self._body)

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
