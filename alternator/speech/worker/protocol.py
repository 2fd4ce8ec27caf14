"""The frames between whoever asks and the worker: a length of four bytes, then a JSON object.

Each side says ``Hello`` first, with its version of this protocol: a bot that runs for weeks may
meet a worker of a newer installation. Then:

1. ``Load``, once. Answered by ``Ready`` or ``Fatal``; ``Found`` and ``Loading`` lines come in
   between.
2. ``Request``, as many as there are, also before ``Ready`` and while others are at work. Each gets
   ``Started`` when the engine takes it, then the engine's events, of which ``Done`` or ``Failed``
   is the last. Every frame about a request carries its ``id``.
3. ``Cancel`` ends a request that waits or runs: ``Failed`` with CancelledRequestError follows,
   unless its answer was on the way already.

``Beat`` comes every second from start to end. After ``Fatal`` the worker ends; what it had started
is lost, what only waited can be asked of another.
"""

import json
import struct
import threading
from dataclasses import dataclass
from typing import IO, get_args

from alternator.errors import AlternatorError
from alternator.speech.engines.engine import (
    Event,
    LoadOptions,
    Request,
)
from alternator.speech.worker.codec import ShapeError, from_json, to_json

PROTOCOL_VERSION = 5

BEAT_SECONDS = 1.0
# How long a worker at rest has, once its stdin has ended, until it is killed.
LEAVE_SECONDS = 2.0

HEADER = struct.Struct(">I")
# A day of speech is about 20 MB of JSON; more than this is no frame but stray bytes.
MAX_FRAME_BYTES = 256 << 20


class FrameError(Exception):
    """What came through the pipe is no frame: the two sides do not understand each other."""


class VersionError(FrameError):
    """The other side speaks another version of the protocol."""

    def __init__(self, version: object) -> None:
        super().__init__(f"version {version} of the protocol instead of {PROTOCOL_VERSION}")
        self.version = version


@dataclass(frozen=True, kw_only=True)
class Hello:
    """The first frame of each side, in every version; the rest may differ from one to the next."""

    version: int = PROTOCOL_VERSION


@dataclass(frozen=True, kw_only=True)
class Load:
    """Which engine to load, and with what; see Engine.load."""

    engine: str
    model: str
    device: str
    options: LoadOptions


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """The request is not wanted any more."""

    id: str


@dataclass(frozen=True, kw_only=True)
class Loading:
    """A line about the loading, for the person who waits."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many GPUs the engine's library sees; told before the model is loaded."""

    gpus: int


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The model is loaded, on ``device``, as the engine itself calls it.

    ``batch_size`` and ``compute_type`` are what it chose; 0 and '' from an engine without a choice.
    """

    device: str
    batch_size: int = 0
    compute_type: str = ""
    continues: bool = False


@dataclass(frozen=True, kw_only=True)
class Fatal:
    """Why the worker ends; ``trace`` where that is a defect, '' otherwise."""

    error: AlternatorError
    trace: str = ""


@dataclass(frozen=True, kw_only=True)
class Beat:
    """The process runs, and has taken that many steps since its start."""

    steps: int


@dataclass(frozen=True, kw_only=True)
class Started:
    """The engine has taken the request."""

    id: str


@dataclass(frozen=True, kw_only=True)
class Retried:
    """The request is begun anew, and what was told of it so far does not count: ``text`` says why,
    and with what. Never sent: the asking side tells it to the requester, before another Started.
    """

    id: str
    text: str


ToWorker = Hello | Load | Request | Cancel
# About one request, in the order in which they come.
Answer = Started | Event
FromWorker = Hello | Found | Loading | Ready | Fatal | Beat | Answer
Frame = ToWorker | FromWorker

FRAMES: dict[str, type[Frame]] = {cls.__name__: cls for cls in get_args(Frame)}


class Sender:
    """Writes whole frames, from whichever thread."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, frame: Frame) -> None:
        """OSError (BrokenPipeError) if nobody reads any more; FrameError if it is too large."""
        body = to_json(frame, frame=type(frame).__name__).encode()
        if len(body) > MAX_FRAME_BYTES:
            raise FrameError(f"a frame of {len(body)} bytes")
        with self._lock:
            self._stream.write(HEADER.pack(len(body)) + body)
            self._stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame, None at the end of the stream, also when that comes within a frame.

    FrameError for anything else, VersionError for the Hello of another version.
    """
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (size,) = HEADER.unpack(header)
    if size > MAX_FRAME_BYTES:
        raise FrameError(f"a frame of {size} bytes")
    body = stream.read(size)
    return frame_of(body) if len(body) == size else None


def read_hello(stream: IO[bytes]) -> Hello | None:
    """The other side's first frame, None at the end of the stream; errors as read_frame."""
    frame = read_frame(stream)
    if frame is not None and not isinstance(frame, Hello):
        raise FrameError(f"a frame {type(frame).__name__!r} before its greeting")
    return frame


def frame_of(body: bytes) -> Frame:
    """The frame in its JSON."""
    try:
        raw = json.loads(body)
    except ValueError as error:
        raise FrameError(str(error)) from None
    if not isinstance(raw, dict):
        raise FrameError("a frame that is no object")
    name = raw.pop("frame", None)
    if name == Hello.__name__ and raw.get("version") != PROTOCOL_VERSION:
        raise VersionError(raw.get("version"))
    if not isinstance(name, str) or name not in FRAMES:
        raise FrameError(f"an unknown frame {name!r}")
    try:
        return from_json(FRAMES[name], raw)
    except ShapeError as error:
        raise FrameError(str(error)) from None
