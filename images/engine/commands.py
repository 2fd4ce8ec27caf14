"""The commands that an operator types where this program may not: those of this machine's system.

`apt-get` serves Debian, Ubuntu and their kin alone; the others have rows of their own in
``probe/tables/systems.toml``.
"""

from collections.abc import Sequence

from probe.detect.host import read_host
from probe.findings.engines import NoEngine
from probe.machine.this_machine import Machine
from probe.steps import Command, Step, Surroundings, render

WITH_APT = ("debian", "ubuntu")
JOIN = Command(
    run="usermod -aG docker $USER",
    root=True,
    of="system",
    note="then log in again",
    otherwise="add this user to the group docker, then log in again",
)
START = Command(
    run="systemctl enable --now docker",
    root=True,
    of="system",
    otherwise="start Docker as this system starts its services",
)


def here() -> Surroundings:
    """What decides how a command is put on this machine."""
    return read_host(Machine()).place


def indented(steps: Sequence[Step], place: Surroundings) -> str:
    """The steps as they are told there, each on a line of its own."""
    return "".join(f"    {line}\n" for line in render(steps, place))


def to_install(packages: Sequence[str], place: Surroundings) -> str:
    """What installs Debian's packages; on another system, that they are to be installed."""
    if not with_apt(place):
        return f"    install {' and '.join(packages)} as this system does\n"
    run = f"apt-get install {' '.join(packages)}"
    return indented((Command(run=run, root=True, of="system"),), place)


def to_install_engine(compose: str, place: Surroundings) -> str:
    """What installs an engine with Compose, whose package on Debian is ``compose``."""
    if not with_apt(place):
        return "".join(f"    {line}\n" for line in NoEngine().remedy(place))
    return to_install(("docker.io", compose), place) + indented((JOIN,), place)


def with_apt(place: Surroundings) -> bool:
    """Whether packages come by apt here; where the system is unknown, as on most."""
    return place.system is None or place.system.id in WITH_APT
