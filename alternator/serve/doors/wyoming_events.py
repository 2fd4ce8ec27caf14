"""Events of the Wyoming protocol on a connection: a line of JSON, more JSON, then bytes.

https://github.com/OHF-Voice/wyoming/blob/main/README.md (the format). The package's own reader
takes as much as a client announces and waits for ever (wyoming 1.10, event.py: async_read_event),
so a server of strangers reads by itself, within bounds.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

# The whole header line; also what a connection's reader holds at most (asyncio's ``limit``).
MOST_LINE = 64 << 10
MOST_DATA = 1 << 20  # Home Assistant may name all that it knows, as words to listen for
# One piece of sound: Home Assistant sends some hundredths of a second in each.
MOST_PAYLOAD = 1 << 20

Data = Mapping[str, object]


class ProtocolError(Exception):
    """What came is no event, or a larger one than any client has reason to send."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """``data`` as the client sent it: nothing of it is checked yet."""

    type: str
    data: Data = field(default_factory=dict)
    payload: bytes = b""


async def read_event(reader: asyncio.StreamReader) -> Event | None:
    """The next event, None once the client has hung up, be it in the middle of one.

    ProtocolError says what is wrong with it.
    """
    try:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            return None
        header = json_object(line, "the header")
        data = header.get("data") or {}
        if not isinstance(data, dict):
            raise ProtocolError("data is no object")
        if more := length_of(header, "data_length", MOST_DATA):
            data = {**data, **json_object(await reader.readexactly(more), "data")}
        payload = b""
        if size := length_of(header, "payload_length", MOST_PAYLOAD):
            payload = await reader.readexactly(size)
    except ValueError:  # of readline
        raise ProtocolError(f"a header is longer than {MOST_LINE} bytes") from None
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    kind = header.get("type")
    if not isinstance(kind, str):
        raise ProtocolError("an event has no type")
    return Event(type=kind, data=data, payload=payload)


def json_object(raw: bytes, what: str) -> dict[str, object]:
    """The object in these bytes."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise ProtocolError(f"{what} is no JSON") from None
    if not isinstance(found, dict):
        raise ProtocolError(f"{what} is no object")
    return found


def length_of(header: Data, name: str, most: int) -> int:
    """How many bytes follow; 0 unless it is said."""
    found = header.get(name)
    if found is None:
        return 0
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= most:
        raise ProtocolError(f"{name} must be from 0 to {most}")
    return found


async def write_event(writer: asyncio.StreamWriter, kind: str, data: Data) -> None:
    """Send one; waits until the client takes it. ConnectionError if it hung up."""
    body = json.dumps(data, ensure_ascii=False).encode()
    header = json.dumps({"type": kind, "data_length": len(body)}).encode()
    writer.write(header + b"\n" + body)
    await writer.drain()
