"""The frames between the bot and its Whisper worker: a length of four bytes, then JSON.

Requests go to the worker's stdin, one at a time:

``{"op": "load", "settings": {...}, ...}``
    answered by ``{"ready": {"device": ...}}``
``{"op": "transcribe", "path": ..., "limit_seconds": ..., "options": {...}}``
    answered by ``{"transcript": {...}, "duration": seconds}``

Instead of either, ``{"error": message, "kind": class}``. In between come ``{"beat": steps}``,
every second from start to end, and ``{"line": text}``, something to tell the person who waits.
"""

import json
import struct
import threading
from typing import IO, Any

from alternator.errors import (
    AlternatorError,
    ConfigError,
    DecoderError,
    MediaError,
    ModelError,
    NoAudioError,
    WorkerError,
)

BEAT_SECONDS = 1.0

HEADER = struct.Struct(">I")
# A day of speech is about 20 MB of JSON; more than this is no frame but stray bytes.
MAX_FRAME_BYTES = 256 << 20

ERRORS: dict[str, type[AlternatorError]] = {
    cls.__name__: cls
    for cls in (ConfigError, DecoderError, MediaError, ModelError, NoAudioError, WorkerError)
}

Frame = dict[str, Any]


class FrameError(Exception):
    """What came through the pipe is no frame: the two sides do not understand each other."""


class Sender:
    """Writes whole frames, from whichever thread."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, frame: Frame) -> None:
        """OSError (BrokenPipeError) if nobody reads any more."""
        body = json.dumps(frame).encode()
        with self._lock:
            self._stream.write(HEADER.pack(len(body)) + body)
            self._stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame, None at the end of the stream, also when that comes within a frame."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (size,) = HEADER.unpack(header)
    if size > MAX_FRAME_BYTES:
        raise FrameError(f"a frame of {size} bytes")
    body = stream.read(size)
    if len(body) < size:
        return None
    try:
        frame = json.loads(body)
    except ValueError as error:
        raise FrameError(str(error)) from None
    if not isinstance(frame, dict):
        raise FrameError("a frame that is no object")
    return frame


def error_frame(error: AlternatorError) -> Frame:
    """The error as a frame; its class travels by name."""
    return {"error": str(error), "kind": type(error).__name__}


def error_of(frame: Frame) -> AlternatorError | None:
    """The error in a frame, None if it is an answer."""
    if "error" not in frame:
        return None
    return ERRORS.get(frame["kind"], WorkerError)(frame["error"])
