"""The names by which the database's trigger makes jobs, and a worker takes them."""

from typing import Literal

DESCRIBE = "alternator.describe"
ERRAND = "alternator.errand"

Kind = Literal["speech", "vision", "all"]
VISION, SPEECH = "vision", "speech"
QUEUES = (VISION, SPEECH)


def queues_of(kind: Kind) -> tuple[str, ...]:
    """Which queues a worker of a kind takes jobs from."""
    return QUEUES if kind == "all" else (kind,)
