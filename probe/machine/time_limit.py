"""How long a tool may take to answer."""

from collections.abc import Mapping

from probe.errors import ProbeError
from probe.machine.variables import TIMEOUT

TIMEOUT_S = 5.0
# For NVIDIA's tools, where its driver's nodes are there: it starts sleeping cards in 1 to 3 s each
# (https://docs.nvidia.com/deploy/driver-persistence/index.html), and the largest machines have 16.
# What takes longer hangs.
PATIENCE_S = 60.0
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


def read_patience(environ: Mapping[str, str], flag: str | None = None) -> float:
    """The bound in seconds for tools of a driver that is there: what the operator says is the
    last word. Raises as ``read_timeout``."""
    return read_timeout(environ, flag) if flag or environ.get(TIMEOUT) else PATIENCE_S
