"""Where a running bot answers for its health: left in its state directory for `alternator health`.

A container's health check is a process of its own, which is not told what the bot was: a
``--config`` of the bot's command line, say. The state directory is known to both.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alternator.config.settings import HealthSettings

FILE = "health.json"


@contextmanager
def announced(directory: Path, settings: HealthSettings) -> Iterator[None]:
    """Leave the address there while the block runs. Where that fails, the check goes without it."""
    place, unfinished = directory / FILE, directory / f"{FILE}.new"
    with suppress(OSError):
        unfinished.write_text(json.dumps({"host": settings.host, "port": settings.port}), "utf-8")
        unfinished.replace(place)
    try:
        yield
    finally:
        with suppress(OSError):
            place.unlink()


def find(directory: Path) -> HealthSettings | None:
    """What a bot left there; None where none did, or it can't be read."""
    try:
        found = json.loads((directory / FILE).read_text("utf-8"))
        host, port = found["host"], found["port"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(host, str) or type(port) is not int or not 0 <= port < 65536:
        return None
    return HealthSettings(host=host, port=port)
