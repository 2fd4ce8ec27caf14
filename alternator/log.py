"""The log: one line for each event on standard error, plain or as JSON, without secrets."""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from contextvars import ContextVar, copy_context
from datetime import UTC, datetime
from functools import partial
from typing import Literal, TextIO

from alternator.progress_line import LINE

LogLevel = Literal["error", "warn", "info", "debug", "trace"]
LogFormat = Literal["text", "json"]

log = logging.getLogger("alternator")

TRACE = 5
LEVELS: dict[LogLevel, int] = {
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
}
# Secrets that no configuration has: tokens of members, which are opened while the program runs.
LEARNT: set[str] = set()
NAMES = {number: name for name, number in LEVELS.items()}
# Shorter ones are no secrets, but words that messages need (the sandbox's token is "sandbox").
SHORTEST_SECRET = 8
# What a terminal obeys, or shows a line backwards by: a server's or a model's words may have it.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


# The account that the thread works for, where there are several: its lines begin with it.
of_account: ContextVar[str] = ContextVar("of_account", default="")


def hide(secret: str) -> None:
    """Show this in no line of the log from now on."""
    if len(secret) >= SHORTEST_SECRET:
        LEARNT.add(secret)


class Thread(threading.Thread):
    """A thread that works, and logs, for the account of the one that made it.

    A thread begins with an empty context of its own:
    https://docs.python.org/3.11/library/contextvars.html#asyncio-support
    """

    # size: threading's own parameters.
    def __init__(
        self,
        target: Callable[..., object] | None = None,
        *,
        name: str,
        args: tuple[object, ...] = (),
        daemon: bool = True,
    ) -> None:
        super().__init__(target=target, name=name, args=args, daemon=daemon)
        # For those that inherit, whose ``run`` is another.
        self.run = partial(copy_context().run, self.run)  # type: ignore[method-assign]


class LineFormatter(logging.Formatter):
    """Time with its zone, level and message on one line, a defect's traceback on the same one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(
            "%(asctime)s %(levelname)-5s %(account)s%(message)s", "%Y-%m-%dT%H:%M:%S%z"
        )
        self._secrets = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]

    def format(self, record: logging.LogRecord) -> str:
        """The line of one event."""
        record.levelname = NAMES.get(record.levelno, record.levelname.lower())
        record.account = f"{name}: " if (name := of_account.get()) else ""
        line = " | ".join(part for part in super().format(record).splitlines() if part.strip())
        line = CONTROLS.sub("\ufffd", line)
        for secret in (*self._secrets, *tuple(LEARNT)):
            line = line.replace(secret, "***")
        return line


class JsonFormatter(logging.Formatter):
    """An object on one line: ``time`` (ISO 8601 in UTC), ``level``, ``logger``, ``message``,
    ``account`` where there are several, and ``trace`` for a defect's traceback."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]

    def format(self, record: logging.LogRecord) -> str:
        """The line of one event."""
        found = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": NAMES.get(record.levelno, record.levelname.lower()),
            "logger": record.name,
            "message": self._clean(record.getMessage()),
        }
        if account := of_account.get():
            found["account"] = account
        if record.exc_info:
            found["trace"] = self._clean(self.formatException(record.exc_info))
        return json.dumps(found, ensure_ascii=False)

    def _clean(self, text: str) -> str:
        """A text without secrets: before it is written as JSON, which may write them otherwise."""
        text = CONTROLS.sub("\ufffd", text)
        for secret in (*self._secrets, *tuple(LEARNT)):
            text = text.replace(secret, "***")
        return text


class DefectLog:
    """Logs defects that may come again with every turn of a loop: the trace of each once.

    Two are the same when they are of one class and come from the same lines. For one thread.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._last: tuple[object, ...] | None = None

    def defect(self, what: str, error: Exception) -> None:
        """``what`` failed; with the trace, unless it is that of the last one."""
        places = traceback.extract_tb(error.__traceback__)
        found = (type(error), *((place.filename, place.lineno) for place in places))
        if found == self._last:
            self._logger.error("%s, as before: %s: %s", what, type(error).__name__, error)
        else:
            self._logger.error("%s", what, exc_info=error)
        self._last = found


class AboveProgress(logging.StreamHandler[TextIO]):
    """Writes events above the line that says how far work is."""

    def emit(self, record: logging.LogRecord) -> None:
        """One event."""
        with LINE.aside():
            super().emit(record)


def set_up(level: LogLevel, secrets: Iterable[str] = (), log_format: LogFormat = "text") -> None:
    """Log from ``level`` on; libraries only from warnings on, unless everything is asked for."""
    handler = AboveProgress(sys.stderr)
    handler.setFormatter(JsonFormatter(secrets) if log_format == "json" else LineFormatter(secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if level == "trace" else logging.WARNING)
    log.setLevel(LEVELS[level])
