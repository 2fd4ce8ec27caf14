"""How long a tool may take to answer."""

from collections.abc import Mapping

from probe.errors import ProbeError
from probe.machine.variables import TIMEOUT

TIMEOUT_S = 5.0
LONGEST_S = 3600


def read_timeout(environ: Mapping[str, str], flag: str | None = None) -> float:
    """The bound of each tool in seconds. Raises ``ProbeError`` if it is no positive number."""
    name, text = ("--timeout", flag) if flag else (TIMEOUT, environ.get(TIMEOUT))
    if not text:
        return TIMEOUT_S
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_S:
        raise ProbeError(f"{name}: {text!r} is no number of seconds between 0 and {LONGEST_S}")
    return seconds
