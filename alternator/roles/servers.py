"""The servers that a worker asks, as lines of the cluster's list of processes.

They have no database (docs/decisions), so the workers, who do, ask them how they are and write it
down. Behind one address may be several, and each question, by a connection of its own, reaches one
of them.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress

import requests

from alternator.errors import StateError
from alternator.log import Thread
from alternator.speech.engines.engine import Server
from alternator.speech.engines.openai_api.listing import session_of
from alternator.stopping import Stop, Stopping
from alternator.store.cluster import Process, Processes
from alternator.web.json_body import NoJsonError
from alternator.web.session import Limits, TooLargeError

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
# Until what is no server of ours is asked again.
FOREIGN_SECONDS = 600.0
LIMITS = Limits(seconds=3.0, connect=3.0, silence=3.0, most=16 * 1024)
# By ``alternator/serve/portrait.py``.
KIND = "alternator.process"
# As many questions at once as servers are known, and these, so that each is met by one of them.
MORE, MOST = 2, 12
MOST_LETTERS, MOST_WORDS = 200, 20
TEXTS, NUMBERS, LISTS = ("not_ready",), ("under_way", "waiting"), ("models", "devices")


class ForeignServerError(Exception):
    """What answers is no server of ours."""


class ServersSeen:
    """A thread that looks at the servers behind one address, until ``stop``."""

    def __init__(self, server: Server, processes: Processes, stop: Stop) -> None:
        self._server = server
        self._processes = processes
        self._stop = stop
        self._known = 0  # how many answered the last time
        self._thread = Thread(target=self._run, name="servers")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def _run(self) -> None:
        with suppress(Stopping):
            while True:
                self._stop.pause(self._look())

    def _look(self) -> float:
        """Ask, and write down who answered; seconds until the next look."""
        found: dict[str, tuple[Process, float]] = {}
        for _ in range(min(self._known + MORE, MOST)):
            self._stop.check()
            try:
                seen = asked(self._server)
            except ForeignServerError:
                return FOREIGN_SECONDS
            except Exception:
                log.exception("a server could not be looked at for a defect of ours")
                return FOREIGN_SECONDS
            if seen is None:
                break  # it is away: what was seen of it ends by itself
            found[seen[0].id] = seen
        self._known = len(found)
        for process, up_seconds in found.values():
            with suppress(StateError):  # logged by the store, once
                self._processes.told(process, up_seconds)
        return BEAT_SECONDS


def asked(server: Server) -> tuple[Process, float] | None:
    """One process behind an address, and for how many seconds it has been up; None where none
    answers now. ForeignServerError."""
    try:
        answer = session_of(server).send("GET", f"{server.url}/status", limits=LIMITS)
        if answer.status >= 500:
            return None
        found = answer.json() if answer.ok else None
    except (requests.RequestException, UnicodeError):
        return None
    except (TooLargeError, NoJsonError):
        found = None
    if not isinstance(found, dict) or found.get("object") != KIND:
        raise ForeignServerError
    facts = found.get("facts")
    try:
        return Process(
            id=word(found["id"]),
            role="serve",
            host=word(found["host"]),
            pid=number(found["pid"]),
            version=word(found["version"]),
            facts=facts_of(facts if isinstance(facts, dict) else {}),
        ), float(number(found["up_seconds"]))
    except (KeyError, ValueError):
        raise ForeignServerError from None


def facts_of(told: Mapping[str, object]) -> dict[str, object]:
    """What is kept of what a server says. It opens strangers' files, and may be theirs by now."""
    found: dict[str, object] = {}
    for name, value in told.items():
        with suppress(ValueError):
            if name in TEXTS:
                found[name] = word(value)
            elif name in NUMBERS:
                found[name] = number(value)
            elif name in LISTS and isinstance(value, list):
                found[name] = [word(one) for one in value[:MOST_WORDS]]
    return found


def word(value: object) -> str:
    """A text in one line, of a bounded length. ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("it is no text")
    return "".join(one if one.isprintable() else " " for one in value[:MOST_LETTERS])


def number(value: object) -> int:
    """A number of a sensible size. ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise ValueError("it is no such number")
    return int(value)
