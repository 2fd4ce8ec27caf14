"""Receives a form with a file: fields into memory, the file onto the disk, both within bounds.

Starlette's own reader bounds the fields but not the files (``max_part_size`` does not count for
them: https://github.com/Kludex/starlette/blob/main/starlette/formparsers.py, on_part_data), and
keeps on reading what nobody wants. So the parser is driven here, chunk by chunk.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from starlette.requests import Request

from alternator.serve.errors import ApiError, too_large
from alternator.serve.form_parts import FILE, MOST_FIELD_BYTES, MOST_FIELDS, Parts, boundary_of
from probe.errors import reason_of

# So much is gathered in memory before it is written.
BLOCK_BYTES = 1 << 20
# What fields, boundaries and headers of parts may add to a file.
MOST_AROUND = MOST_FIELDS * MOST_FIELD_BYTES
# A client that sends nothing for so long is given up.
SILENCE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a door's clients send: a file of up to ``most`` bytes, in the field ``field``.

    ``room``: so many zero bytes are kept before it, for a header that only its end will tell.
    """

    most: int
    field: str = FILE
    room: int = 0


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that was sent. ``name`` as its client calls it, ``path`` where it is now."""

    name: str
    path: Path
    size: int


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was sent: the values of each field, by its name without ``[]``."""

    fields: Mapping[str, tuple[str, ...]]
    upload: Upload


@asynccontextmanager
async def received(request: Request, folder: Path, expected: Expected) -> AsyncIterator[Form]:
    """The form of a request; its file is in ``folder`` during the block.

    ApiError says what is wrong with it; ClientDisconnect if the client hangs up.
    """
    with kept(folder) as file:
        path = Path(file.name)
        try:
            form = await _read(request, expected, file, path)
            yield form
        finally:
            with suppress(FileNotFoundError):
                path.unlink()  # noqa: ASYNC240  # of a local disk: it does not wait


def kept(folder: Path) -> IO[bytes]:
    """A new file in the folder, which stays when it is closed. ApiError if there can be none."""
    try:
        return tempfile.NamedTemporaryFile(dir=folder, prefix="upload-", delete=False)
    except OSError as error:
        raise no_room(error) from None


async def _read(request: Request, expected: Expected, file: IO[bytes], path: Path) -> Form:
    boundary = boundary_of(request.headers.get("content-type", ""))
    parts = Parts(expected.most, expected.field)
    try:
        file.write(bytes(expected.room))
        parser = MultipartParser(boundary, parts.callbacks())
        async for chunk in _chunks(request, expected.most):
            parser.write(chunk)
            if parts.waiting_bytes >= BLOCK_BYTES:
                await asyncio.to_thread(file.write, parts.taken())
        await asyncio.to_thread(_finish, file, parts.taken())
    except FormParserError as error:
        raise ApiError(400, f"the form can't be read: {error}", code="invalid_form") from None
    except OSError as error:
        raise no_room(error) from None
    if not parts.ended:
        raise ApiError(
            400,
            "the form ends before its last boundary: the upload was cut off, or its Content-Length "
            "is too small",
            code="invalid_form",
        )
    if parts.file_name is None:
        field = expected.field
        raise ApiError(400, f"there is no file; send one as '{field}'", param=field)
    if not parts.file_bytes:
        raise ApiError(
            400, f"{parts.file_name} is empty", param=expected.field, code="invalid_file"
        )
    upload = Upload(name=parts.file_name, path=path, size=parts.file_bytes)
    return Form(fields=parts.fields(), upload=upload)


def _finish(file: IO[bytes], rest: bytes) -> None:
    file.write(rest)
    file.flush()


async def _chunks(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body as it comes. ApiError once it is, or says that it is, longer than a form with such
    a file can be."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most + MOST_AROUND:
        raise too_large(most)
    stream = request.stream()
    count = 0
    while True:
        try:
            chunk = await asyncio.wait_for(anext(stream), SILENCE_SECONDS)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ApiError(
                408,
                f"nothing came for {SILENCE_SECONDS:g} s; the Content-Length may be too large",
                code="timeout",
                headers={"Connection": "close"},
            ) from None
        count += len(chunk)
        if count > most + MOST_AROUND:
            raise too_large(most)
        yield chunk


def no_room(error: OSError) -> ApiError:
    """A file can't be kept."""
    return ApiError(
        507,
        f"the upload can't be kept: {reason_of(error)}; the server's operator can give it another "
        f"place (TMPDIR)",
        code="no_room",
    )
