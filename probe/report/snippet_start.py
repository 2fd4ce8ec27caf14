"""What every snippet is made from, and the lines that docker and podman share."""

from collections.abc import Mapping

from probe.decide.handover import values_of
from probe.frozen_record import Record
from probe.machine.cdi import CdiDevice
from probe.report.schema import GpuReport, SelectionReport
from probe.report.snippet_settings import (
    MODELS,
    MODELS_VOLUME,
    PIDS_LIMIT,
    START_PERIOD_S,
    STATE,
    STATE_VOLUME,
    STOP_S,
    TMP,
    USER,
)
from probe.report.text import in_shell

READABLE = f"# user {USER} must be able to read alternator.toml: sudo chown {USER} alternator.toml"


class HostDetails(Record):
    """What a snippet depends on beside the choice."""

    root: bool  # for whom Podman's are
    model: str | None = None  # as the bot's configuration names it
    cdi: tuple[CdiDevice, ...] = ()  # what this machine's specifications name


class Start(Record):
    """What is started, and how."""

    selection: SelectionReport
    gpus: tuple[GpuReport, ...] = ()  # all of the machine's
    image: str
    memory: int  # the limit, GiB
    root: bool
    cdi: tuple[CdiDevice, ...] = ()

    @property
    def backend(self) -> str:
        """Which kind of GPU is handed over."""
        return self.selection["backend"]

    @property
    def env(self) -> Mapping[str, str]:
        """The variables that the choice needs, and those that hide what can't be kept out."""
        return self.selection["env"] | self.hiding

    @property
    def hiding(self) -> dict[str, str]:
        """The variables that hide GPUs of this machine inside."""
        return dict(value.split("=", 1) for value in self.values("--env"))

    @property
    def named(self) -> tuple[str, ...]:
        """The NVIDIA devices to hand over, by UUID; empty where all of them may go."""
        given = "".join(self.values("--gpus")).strip('"').removeprefix("device=")
        return () if given in ("", "all") else tuple(given.split(","))

    @property
    def runtime(self) -> str | None:
        """The container runtime that hands the GPU over, where it is not the engine's own."""
        return next(iter(self.values("--runtime")), None)

    def values(self, flag: str) -> list[str]:
        """What follows a flag of `docker run` in the choice."""
        return values_of(flag, self.selection["run_flags"])


def readable(start: Start) -> list[str]:
    """How Docker's user 10001 gets to read the configuration, as comments.

    Where Docker runs without root, or maps users, that user has another number outside
    (https://docs.docker.com/engine/security/rootless/,
    https://docs.docker.com/engine/security/userns-remap/).
    """
    return [
        READABLE,
        "# Docker without root: that user has another number out here; Docker itself sets it:",
        '#   docker run --rm --user 0 --entrypoint chown --volume "$PWD:/here" \\',
        f"#     {start.image} {USER} /here/alternator.toml",
        f"# With userns-remap: sudo chown {USER} plus dockremap's first number in /etc/subuid.",
    ]


def pairs(flags: list[str]) -> list[str]:
    """Flags with their values, one pair a line, as they are typed."""
    return [in_shell(pair) for pair in zip(flags[::2], flags[1::2], strict=True)]


def variables(env: Mapping[str, str]) -> list[str]:
    """A flag for each variable."""
    return [f"--env {name}={value}" for name, value in env.items()]


def hardened(start: Start) -> list[str]:
    """What limits the container."""
    return [
        f"--read-only --tmpfs {TMP}",
        "--cap-drop ALL --security-opt no-new-privileges",
        f"--pids-limit {PIDS_LIMIT} --memory {start.memory}g --stop-timeout {STOP_S}",
        f"--health-start-period {START_PERIOD_S}s",
    ]


def volumes() -> list[str]:
    """What is kept."""
    return [f"--volume {STATE_VOLUME}:{STATE}", f"--volume {MODELS_VOLUME}:{MODELS}"]


def continued(lines: list[str]) -> str:
    """The lines as one command."""
    return " \\\n  ".join(lines) + "\n"
