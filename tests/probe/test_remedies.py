"""The whole of the remedies: every finding, in every place, on every system, with every tool or
none: no line calls what is not there."""

import importlib
import itertools
import pkgutil
import re
from collections.abc import Iterator
from typing import get_args

import pytest
from findings import sample

import probe.findings
from probe.detect.host import TOOLS
from probe.finding import KINDS, Finding
from probe.findings import engines
from probe.place import ContainerKind, PlaceKind
from probe.steps import INSIDE, Command, OfSystem, Step, Surroundings, System, Template, Wanted
from probe.tables.systems import systems

for found in pkgutil.iter_modules(probe.findings.__path__):
    importlib.import_module(f"{probe.findings.__name__}.{found.name}")

PLACES = ("steps", "in_container", "in_pod", "in_lxc", "in_wsl")
# Words of English, too; and what every system with a C library has.
WORDS = {"reboot", "service", "snap", "getent"}
NAMES = "|".join(map(re.escape, sorted({*TOOLS} - WORDS)))
CALLS = re.compile(rf"(?<![\w./-])(?:{NAMES})(?![\w.-])")
# Typed on another machine, of whose tools nothing is known here.
ELSEWHERE = re.compile(r"(.*: )?(on the host|in Windows|outside of containers|docker run)\b")
UNKNOWN: System | None = None
ALL_SYSTEMS = (UNKNOWN, *systems())


def templates(kind: type[Finding]) -> Iterator[Step]:
    """All steps of a kind, in every place, with what stands in for a system's own way."""
    for place in PLACES:
        yield from flat(getattr(kind, place))


def flat(steps: Template) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step, OfSystem):
            yield from flat(step.otherwise)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_command_is_no_word(kind):
    """A command in a sentence is told whatever is there: it is a ``Command``, which knows."""
    for step in templates(kind):
        if isinstance(step, str) and not ELSEWHERE.match(step):
            assert not CALLS.search(step), f"{step!r}: make it a Command (probe/steps.py)"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_tool_that_a_finding_calls_is_looked_for(kind):
    for step in templates(kind):
        if isinstance(step, Command) and step.on == "here" and "{" not in step.needs:
            assert step.needs in {*TOOLS, "make"}, f"{step.needs}: add it to probe/detect/host.py"


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.id)
def test_every_tool_that_a_system_calls_is_looked_for(system):
    for what in get_args(Wanted):
        for step in system.way(what):
            if isinstance(step, Command) and not step.needs.startswith("/"):
                assert step.needs in {*TOOLS, "ujust", "abroot"}, step.run


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_tool_is_called_that_is_not_there(kind):
    finding = sample(kind)
    for place, system in itertools.product(get_args(PlaceKind), ALL_SYSTEMS):
        bare = Surroundings(kind=place, system=system, lacks=frozenset(TOOLS))
        for line in finding.remedy(bare):
            if not ELSEWHERE.match(line):
                assert not CALLS.search(line), f"{place}, {system and system.id}: {line}"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_a_line_installs_may_be_called_by_the_next(kind):
    """With all tools but NVIDIA's toolkit: it is called after a line that installs it, or never."""
    finding = sample(kind)
    missing = frozenset({"nvidia-ctk"})
    places: tuple[PlaceKind, ...] = ("host", "lxc")
    for place, system in itertools.product(places, ALL_SYSTEMS):
        around = Surroundings(
            kind=place, system=system, lacks=missing, has=frozenset(TOOLS) - missing
        )
        lines = finding.remedy(around)
        called = [at for at, line in enumerate(lines) if "nvidia-ctk" in line]
        installed = [at for at, line in enumerate(lines) if "nvidia-container-toolkit" in line]
        if called:
            assert installed and installed[0] < called[0], lines


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_system_is_told_another_ones_commands(kind):
    finding = sample(kind)
    managers = {"apt-get", "dnf", "zypper", "pacman", "apk", "emerge", "xbps-install", "rpm-ostree"}
    for system in systems():
        own = {
            step.needs
            for what in get_args(Wanted)
            for step in system.way(what)
            if isinstance(step, Command)
        }
        text = "\n".join(finding.remedy(Surroundings(system=system)))
        for name in managers - own:
            assert not re.search(rf"(?<![\w-]){name} (install|add|-S|--ask)", text), text


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_nothing_in_a_container_is_done_to_its_kernel(kind):
    """Modules, the kernel's log, groups and power are the host's."""
    finding = sample(kind)
    makers: tuple[ContainerKind | None, ...] = (None, *get_args(ContainerKind))
    for place, maker in itertools.product(INSIDE, makers):
        for line in finding.remedy(Surroundings(kind=place, container=maker)):
            own = not ELSEWHERE.match(line)
            assert not (own and re.search(r"modprobe|dmesg|^reboot$|^sudo reboot", line)), line


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_podman_is_not_told_dockers_flags(kind):
    finding = sample(kind)
    if kind.__module__ == engines.__name__:
        return  # the doctor's, of a host with Docker
    for line in finding.remedy(Surroundings(kind="container", container="podman")):
        assert "--gpus" not in line, line


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_driver_is_never_installed_in_wsl(kind):
    finding = sample(kind)
    for system in ALL_SYSTEMS:
        text = "\n".join(finding.remedy(Surroundings(kind="wsl", system=system)))
        assert not re.search(r"modprobe|ubuntu-drivers|mokutil|nvidia-modprobe", text), text
