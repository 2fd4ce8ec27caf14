"""What every snippet is made from, and the lines that docker and podman share."""

from itertools import pairwise

from probe.frozen_record import Record
from probe.report.schema import SelectionReport
from probe.report.snippet_settings import MEMORY_LIMIT, MODELS, PIDS_LIMIT, STATE, STOP_S, USER

READABLE = f"# user {USER} must be able to read alternator.toml: sudo chown {USER} alternator.toml"


class Start(Record):
    """What is started, and how."""

    selection: SelectionReport
    image: str
    named: tuple[str, ...]  # the NVIDIA devices to hand over; empty where all of them may go
    root: bool  # for whom Podman's are

    @property
    def backend(self) -> str:
        """Which kind of GPU is handed over."""
        return self.selection["backend"]

    @property
    def env(self) -> dict[str, str]:
        """The variables that the choice needs."""
        return self.selection["env"]

    def values(self, flag: str) -> list[str]:
        """What follows a flag of `docker run` in the choice."""
        return [value for name, value in pairwise(self.selection["run_flags"]) if name == flag]


def pairs(flags: list[str]) -> list[str]:
    """Flags with their values, one pair a line."""
    return [" ".join(pair) for pair in zip(flags[::2], flags[1::2], strict=True)]


def hardened(start: Start) -> list[str]:
    """What limits the container."""
    return [
        *(f"--env {name}={value}" for name, value in start.env.items()),
        "--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges",
        f"--pids-limit {PIDS_LIMIT} --memory {MEMORY_LIMIT}g --stop-timeout {STOP_S}",
    ]


def volumes() -> list[str]:
    """What is kept."""
    return [f"--volume alternator-state:{STATE}", f"--volume alternator-models:{MODELS}"]


def continued(lines: list[str]) -> str:
    """The lines as one command."""
    return " \\\n  ".join(lines) + "\n"
