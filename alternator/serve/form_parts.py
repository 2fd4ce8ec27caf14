"""The parts of a form as a parser finds them; nothing here waits for anything."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from python_multipart.multipart import parse_options_header

from alternator.serve.errors import ApiError, refused, too_large
from alternator.web.one_line import one_line

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FILE = "file"
MOST_FIELDS = 64
MOST_FIELD_BYTES = 64 << 10
MOST_NAME = 200  # characters of a file's name that are told of it


class Parts:
    """What came so far. A file's bytes wait here until they are ``taken``.

    ``most``: the largest file in bytes; ``field``: the name that the file has in the form. The
    parser calls; ApiError out of it for what is refused.
    """

    def __init__(self, most: int, field: str = FILE) -> None:
        self._most = most
        self._field = field
        self._header = [bytearray(), bytearray()]  # name and value of the one at work
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._in_file = False
        self._value = bytearray()
        self._fields: list[tuple[str, str]] = []
        self._waiting = bytearray()
        self.file_name: str | None = None
        self.file_bytes = 0
        self.ended = False

    def callbacks(self) -> "MultipartCallbacks":
        """For the parser."""
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    @property
    def waiting_bytes(self) -> int:
        """How much of the file is to be written."""
        return len(self._waiting)

    def taken(self) -> bytes:
        """What is to be written; it does not wait any more."""
        taken, self._waiting = self._waiting, bytearray()
        return bytes(taken)

    def fields(self) -> Mapping[str, tuple[str, ...]]:
        """The values of each field by its name, in their order."""
        found: dict[str, tuple[str, ...]] = {}
        for name, value in self._fields:
            found[name] = (*found.get(name, ()), value)
        return found

    def _part_begin(self) -> None:
        self._headers = {}
        self._value = bytearray()

    def _header_end(self) -> None:
        name, value = (bytes(part) for part in self._header)
        self._headers[name.lower()] = value
        self._header = [bytearray(), bytearray()]

    def _headers_finished(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"").decode("latin-1")
        _, options = parse_options_header(disposition)
        # OpenAI's clients write the name of a list with [] behind it, others without.
        self._name = _text(options.get(b"name", b"")).removesuffix("[]")
        if not self._name:
            raise ApiError(400, "a part of the form has no name", code="invalid_form")
        self._in_file = b"filename" in options
        if not self._in_file:
            if len(self._fields) >= MOST_FIELDS:
                raise ApiError(400, f"the form has over {MOST_FIELDS} fields", code="invalid_form")
            return
        if self._name != self._field or self.file_name is not None:
            raise refused(
                self._name, f"{self._name} can't be a file; send one file, as '{self._field}'"
            )
        self.file_name = one_line(_text(options[b"filename"]), MOST_NAME) or "the file"

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if not self._in_file:
            self._value += data[start:end]
            if len(self._value) > MOST_FIELD_BYTES:
                raise refused(self._name, f"{self._name} is longer than {MOST_FIELD_BYTES} bytes")
            return
        self.file_bytes += end - start
        if self.file_bytes > self._most:
            raise too_large(self._most)
        self._waiting += data[start:end]

    def _part_end(self) -> None:
        if not self._in_file:
            self._fields.append((self._name, _text(bytes(self._value))))

    def _end(self) -> None:
        self.ended = True


def boundary_of(content_type: str) -> bytes:
    """The boundary that a request's Content-Type names. ApiError if it is no form."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise ApiError(
            400,
            f"send the file in a form, as multipart/form-data with a boundary; the Content-Type is "
            f"{one_line(content_type, 80)!r}",
            code="invalid_form",
        )
    return boundary


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
