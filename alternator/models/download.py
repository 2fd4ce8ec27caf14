"""Fetches one of openai-whisper's models: resumed, checked by its hash, in place once it is whole.

What has arrived stands beside its place as ``NAME.pt.part``, and is kept if the connection breaks:
the next try, be it tomorrow, asks for the rest. The file gets its name when its hash is right,
never before. Proxies and certificates are those that requests finds in the environment.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import requests

from alternator.errors import ModelError
from alternator.models.answers import length_of, reason_of_request, start_of
from alternator.models.catalog import NamedModel
from alternator.models.disk_space import FULL, check_space, no_room
from alternator.models.lock import held
from alternator.models.rate import MB
from alternator.models.verified import forget, is_whole, note, pieces_of
from alternator.progress import Progress
from alternator.web.one_line import one_line
from alternator.web.session import USER_AGENT, Limits, TooLargeError, WebSession
from alternator.web.trusted import check as check_certificates

# No answer may be longer: the largest model is 3.1 GB.
MOST_BYTES = 16 * 1024**3
# Of one request; when it is over and something came, the next one asks for the rest.
REQUEST_SECONDS = 3600.0
SILENCE_SECONDS = 60.0
CONNECT_SECONDS = 10.0
REDIRECTS = 3  # a mirror may lead to its storage
# Tries one after the other that brought nothing, and the pauses between them in seconds.
PAUSES = (1.0, 2.0, 5.0, 10.0)
OK, PARTIAL, NOT_SATISFIABLE = 200, 206, 416
BUSY = (408, 425, 429, 500, 502, 503, 504)  # may pass


class NoAnswerError(Exception):
    """The model can't be had from an address; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to fetch, to which folder, and from where: None is OpenAI's server.

    ``connect_seconds`` bounds how long a server may take to answer at all.
    """

    model: NamedModel
    directory: Path
    mirror: str | None = None
    connect_seconds: float = CONNECT_SECONDS

    @property
    def target(self) -> Path:
        """The file's place."""
        return self.directory / self.model.file

    @property
    def part(self) -> Path:
        """What has arrived of it."""
        return self.directory / f"{self.model.file}.part"


def fetch(order: Order, progress: Progress) -> Path:
    """The model's file, whole; fetched unless it is there, by one process at a time.

    ``progress`` hears of every piece, in bytes; what it raises ends the download, whose part stays.
    ModelError says why it can't be had, and what to do.
    """
    try:
        order.directory.mkdir(parents=True, exist_ok=True)
        with held(order.target, order.part, order.model.size, progress):
            if not is_whole(order.target, order.model.sha256, progress):
                check_certificates(os.environ)
                check_room(order)
                from_any_address(order, progress)
        return order.target
    except OSError as error:
        raise ModelError(unkept(order, error)) from None


def from_any_address(order: Order, progress: Progress) -> None:
    """Fetch from the first address that has it."""
    reasons = []
    for address in order.model.addresses(order.mirror):
        try:
            return from_address(order, address, progress)
        except NoAnswerError as error:
            reasons.append((address, str(error)))
    # Where a mirror was asked twice, the last answer tells no more than the first.
    address, reason = reasons[0]
    host = urlsplit(address).hostname or address
    state = "is damaged or incomplete" if order.target.is_file() else "is not there"
    arrived = (
        f" ({order.part.stat().st_size / MB:.0f} MB are, and kept)" if part_size(order) else ""
    )
    raise ModelError(
        f"the Whisper model {order.model.name!r} can't be loaded: {order.target} {state}{arrived}, "
        f"and it can't be downloaded from {host} ({reason}); put the file there, set [whisper] "
        f"model_mirror to a server that has it, or [whisper] model to the path of a checkpoint"
    )


def from_address(order: Order, address: str, progress: Progress) -> None:
    """Fetch from one address, with as many requests as it takes. NoAnswerError if it fails."""
    session = WebSession(headers={"User-Agent": USER_AGENT})
    failed = 0
    while True:
        before = part_size(order)
        try:
            if one_request(order, address, session, progress):
                return
            why = "the connection broke off"
        except TooLargeError:
            raise NoAnswerError("its answer is far larger than any model") from None
        except requests.RequestException as error:
            why = reason_of_request(error)
        came = part_size(order) > before
        failed = 0 if came else failed + 1
        # A server that never gave a byte is told at once: there may be no network at all.
        if failed > len(PAUSES) or (not came and part_size(order) == 0):
            raise NoAnswerError(why)
        progress.line(f"{why}; going on with the rest of {order.model.file}")
        progress.pause(PAUSES[max(failed - 1, 0)])


def one_request(order: Order, address: str, session: WebSession, progress: Progress) -> bool:
    """Ask for what is missing, and add it to the part; whether the file is in its place now."""
    have = part_size(order)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    limits = Limits(
        seconds=REQUEST_SECONDS,
        connect=order.connect_seconds,
        silence=SILENCE_SECONDS,
        most=MOST_BYTES,
        redirects=REDIRECTS,
    )
    with session.opened("GET", address, headers=headers, limits=limits) as answer:
        if answer.status == NOT_SATISFIABLE and have:
            # There is nothing after what is here: it is whole, or of another file.
            return settle(order, progress)
        if answer.status in BUSY:
            raise requests.HTTPError(f"HTTP {answer.status}")
        if answer.status not in (OK, PARTIAL):
            raise NoAnswerError(f"HTTP {answer.status}")
        resumed = answer.status == PARTIAL and start_of(answer.headers) == have
        if answer.status == PARTIAL and not resumed:
            raise NoAnswerError("it gives another part of the file than was asked for")
        start = have if resumed else 0
        total = start + length_of(answer.headers, order.model.size - start)
        if total < order.model.size // 2:
            # A page that asks to sign in, say. What has arrived before stays.
            kind = one_line(answer.headers.get("Content-Type", "something"), 40)
            raise NoAnswerError(f"it gives {kind} of {total} bytes, which is no model")
        with order.part.open("ab" if resumed else "wb") as file:
            done = start
            for piece in answer.pieces():
                write(file, piece, order)
                done += len(piece)
                progress.beat()
                progress.advanced(done, max(total, done))
    return settle(order, progress) if done >= total else False


def write(file: BinaryIO, piece: bytes, order: Order) -> None:
    """Add a piece; on a full disk the part goes, so that it does not fill it for everybody."""
    try:
        file.write(piece)
    except OSError as error:
        if error.errno in FULL:
            order.part.unlink(missing_ok=True)
        raise


def settle(order: Order, progress: Progress) -> bool:
    """Give the file its name, if its hash is right: True. ModelError if it is another file."""
    hasher = hashlib.sha256()
    for piece in pieces_of(order.part):
        hasher.update(piece)
        progress.beat()
    if hasher.hexdigest() != order.model.sha256:
        size = part_size(order)
        order.part.unlink(missing_ok=True)
        raise ModelError(
            f"what was downloaded as the Whisper model {order.model.name!r} is another file: "
            f"{size:,} bytes with SHA-256 {hasher.hexdigest()}, where {order.model.sha256} was "
            f"asked for; nothing of it was kept. Look at what is between here and the server (a "
            f"proxy, a mirror), and try again"
        )
    into_place(order.part, order.target)
    note(order.target, order.model.sha256, order.target.stat())
    return True


def into_place(made: Path, target: Path) -> None:
    """Give a whole file its name, so that after a loss of power it is there whole or not at all."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    forget(target)
    made.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def check_room(order: Order) -> None:
    """ModelError if the disk has no room for what is still to come."""
    missing = order.model.size - part_size(order)
    check_space(order.directory, missing, f"the Whisper model {order.model.name!r}")


def unkept(order: Order, error: OSError) -> str:
    """Why a model can't be kept in its folder."""
    what = f"the Whisper model {order.model.name!r}"
    if error.errno in FULL:
        free = shutil.disk_usage(order.directory).free
        return no_room(order.directory, what, f"it takes {order.model.size / MB:.0f} MB", free)
    return (
        f"{what} can't be kept in {order.directory}: {error.strerror or error}; make "
        f"{error.filename or order.directory} readable and writable for this user, or set "
        f"[whisper] model_dir"
    )


def part_size(order: Order) -> int:
    """How many bytes have arrived."""
    return order.part.stat().st_size if order.part.exists() else 0
