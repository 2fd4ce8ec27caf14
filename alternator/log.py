"""The log: one plain line for each event on standard error, without secrets."""

import logging
import sys
from collections.abc import Iterable
from typing import Literal

LogLevel = Literal["error", "warn", "info", "debug", "trace"]

log = logging.getLogger("alternator")

TRACE = 5
LEVELS: dict[LogLevel, int] = {
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
}
NAMES = {number: name for name, number in LEVELS.items()}
# Shorter ones are no secrets, but words that messages need (the sandbox's token is "sandbox").
SHORTEST_SECRET = 8


class LineFormatter(logging.Formatter):
    """Time, level and message on one line, and a defect's traceback on the same one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-5s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self._secrets = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]

    def format(self, record: logging.LogRecord) -> str:
        """The line of one event."""
        record.levelname = NAMES.get(record.levelno, record.levelname.lower())
        line = " | ".join(part for part in super().format(record).splitlines() if part.strip())
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return line


def set_up(level: LogLevel, secrets: Iterable[str] = ()) -> None:
    """Log from ``level`` on; libraries only from warnings on, unless everything is asked for."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if level == "trace" else logging.WARNING)
    log.setLevel(LEVELS[level])
