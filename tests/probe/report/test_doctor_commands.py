"""The command to type, by system, engine and machine."""

import dataclasses

import pytest

from probe.decide.choose import choose
from probe.facts import Facts, Gpu, Host
from probe.finding import Finding
from probe.findings import engines
from probe.findings.improvements import DRIVER_GUIDE, NewerDriverHelps
from probe.frozen_record import replace
from probe.machine.cdi import CdiFile
from probe.machine.host_software import DockerKind, HostSoftware
from probe.report.doctor_commands import driver_steps, engine_steps, hand_over
from probe.report.examination import NO_SETTING, Examination
from probe.steps import Steps
from probe.tables.builds import Table
from probe.tables.drivers import WantedDriver
from probe.tables.systems import systems

HOST = Host(arch="x86_64", os="linux")
NEWER = NewerDriverHelps(
    driver="515.105.01",
    wanted=WantedDriver(version="580.65.06"),
    torch="2.13.0",
    wheel="cu130",
    now_torch="2.13.0",
    now_wheel="cpu",
)
INSTALL = "install NVIDIA's driver 580.65.06 or newer"
SYSTEMS = {system.id: system for system in systems()}
BARE = HostSoftware(docker=False, podman=False, nvidia_toolkit=False, cdi=False)


def replace_software(*, docker: bool, docker_kind: DockerKind = "package") -> HostSoftware:
    """A machine with this Docker and nothing else."""
    return HostSoftware(
        docker=docker, podman=False, nvidia_toolkit=False, cdi=False, docker_kind=docker_kind
    )


def examined(table: Table, host: Host, around: HostSoftware = BARE) -> Examination:
    facts = Facts(host=host)
    return Examination(
        facts=facts, table=table, choice=choose(facts, table), around=around, setting=NO_SETTING
    )


@pytest.mark.parametrize(
    ("os", "system", "command"),
    [
        ("darwin", "", "install Docker Desktop"),
        ("windows", "", "install Docker Desktop"),
        ("linux", "fedora", "sudo dnf install podman"),
        ("linux", "alpine", "sudo apk add docker"),
        ("linux", "", "install Docker from your distribution"),
    ],
)
def test_a_container_engine(table: Table, os: str, system: str, command: str) -> None:
    host = Host(arch="x86_64", os=os, system=SYSTEMS.get(system))
    assert engine_steps(examined(table, host)) == (command,)


@pytest.mark.parametrize(
    ("host", "system", "commands"),
    [
        (
            replace(HOST, wsl=True),
            "ubuntu",
            (f"{INSTALL} in Windows", "in Windows: wsl --shutdown"),
        ),
        (replace(HOST, container=True), "ubuntu", (f"on the host: {INSTALL} and reboot",)),
        (HOST, "ubuntu", ("sudo ubuntu-drivers install nvidia:580 && sudo reboot",)),
        (HOST, "rhel", (f"{INSTALL} ({DRIVER_GUIDE}), then reboot",)),
        (HOST, "", (f"{INSTALL} ({DRIVER_GUIDE}), then reboot",)),
        (
            HOST,
            "debian",
            (f"{INSTALL} ({DRIVER_GUIDE}), then reboot", "# Debian's own packages are older"),
        ),
    ],
)
def test_a_driver_is_installed_where_it_belongs(
    table: Table, host: Host, system: str, commands: Steps
) -> None:
    case = examined(table, replace(host, system=SYSTEMS.get(system)))
    assert driver_steps(NEWER, case) == commands


def test_a_jetson_gets_another_system(table: Table) -> None:
    jetson = replace(HOST, arch="aarch64", tegra=True, system=SYSTEMS["ubuntu"])
    assert driver_steps(NEWER, examined(table, jetson)) == (table.tegra_remedy,)


def test_the_last_driver_of_an_old_card_is_named_as_such(table: Table) -> None:
    last = replace(NEWER, wanted=WantedDriver(version="580", last=True))
    (command,) = driver_steps(last, examined(table, replace(HOST, system=SYSTEMS["fedora"])))
    assert command.startswith("install NVIDIA's driver 580 (newer ones leave this card out) (")


@pytest.mark.parametrize(
    ("kind", "finding"),
    [
        ("package", engines.NoToolkit),
        ("rootless", engines.NoToolkitRootless),
        ("snap", engines.SnapDocker),
        ("desktop", engines.DockerDesktop),
    ],
)
def test_what_docker_lacks_differs_by_where_it_comes_from(
    table: Table, kind: DockerKind, finding: type[engines.NoToolkit]
) -> None:
    around = replace_software(docker=True, docker_kind=kind)
    assert [type(found) for found in hand_over(examined(table, HOST, around))] == [finding]


def test_under_wsl_docker_desktop_hands_gpus_over_by_itself(table: Table) -> None:
    """Docker's own engine in a distribution needs the toolkit there, as on Linux."""
    wsl, bare = replace(HOST, wsl=True), replace_software(docker=True)
    desktop = replace_software(docker=True, docker_kind="desktop")
    assert list(hand_over(examined(table, wsl, desktop))) == []
    assert list(hand_over(examined(table, wsl, bare))) == [engines.NoToolkit()]


@pytest.mark.parametrize(
    ("system", "first"),
    [
        (
            "debian",
            "sudo apt-get install nvidia-container-toolkit   # from NVIDIA's package repository",
        ),
        (
            "rhel",
            "sudo dnf install nvidia-container-toolkit   # from NVIDIA's package repository",
        ),
        (
            "suse",
            "sudo zypper install nvidia-container-toolkit   # from NVIDIA's package repository",
        ),
        # Arch has a package of its own: it was told to use NVIDIA's repository, which has none.
        ("arch", "sudo pacman -S nvidia-container-toolkit"),
    ],
)
def test_the_toolkit_is_installed_and_used_as_the_system_does(system: str, first: str) -> None:
    lacks = frozenset({"nvidia-ctk"})
    host = replace(HOST, system=SYSTEMS[system], lacks=lacks)
    assert engines.NoToolkit().remedy(host.place) == (
        first,
        "sudo nvidia-ctk runtime configure --runtime=docker",
        "sudo systemctl restart docker",
    )


@pytest.mark.parametrize("system", ["bazzite", "steamos", "unraid", "talos", "nixos", "alpine"])
def test_a_system_without_such_a_package_gets_its_own_way_alone(system: str) -> None:
    """Its toolkit is not there when the line was followed: nothing is told that calls it."""
    host = replace(HOST, system=SYSTEMS[system], lacks=frozenset({"nvidia-ctk"}))
    steps = " ".join(engines.NoToolkit().remedy(host.place))
    assert SYSTEMS[system].way("toolkit")
    for command in ("nvidia-ctk runtime", "systemctl", "apt-get", "dnf", "pacman"):
        assert command not in steps


def test_podman_without_the_toolkit_gets_it_first() -> None:
    host = replace(HOST, system=SYSTEMS["fedora"], lacks=frozenset({"nvidia-ctk"}))
    assert engines.NoCdiFile().remedy(host.place) == (
        "sudo dnf install nvidia-container-toolkit   # from NVIDIA's package repository",
        "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
    )


CARD = Gpu(vendor="nvidia", index=0, name="RTX 3060", driver="570.133.07", state="accessible")
FILE = CdiFile(path="/etc/cdi/nvidia.yaml", drivers=("570.133.07",))
OLD = replace(FILE, drivers=("570.124.06",))
CLOSED = CdiFile(path="/etc/cdi/nvidia.yaml", readable=False)
STALE = engines.CdiFileOfOtherDriver(path=FILE.path, old="570.124.06", driver="570.133.07")
GONE = engines.CdiFileWithoutNodes(path=FILE.path, gone=("/dev/dri/renderD129",))


PODMAN, DOCKER = dataclasses.replace(BARE, podman=True), dataclasses.replace(BARE, docker=True)


@pytest.mark.parametrize(
    ("file", "around", "root", "found"),
    [
        (FILE, PODMAN, False, []),
        (OLD, PODMAN, False, [STALE]),
        (
            OLD,
            dataclasses.replace(BARE, docker=True, podman=True, nvidia_toolkit=True),
            False,
            [STALE],
        ),
        # Docker with the toolkit has a way without the file, a snap does not read it.
        (OLD, dataclasses.replace(BARE, docker=True, nvidia_toolkit=True), False, []),
        (OLD, replace_software(docker=True, docker_kind="snap"), False, [engines.SnapDocker()]),
        (OLD, DOCKER, False, [STALE]),
        (replace(FILE, gone=GONE.gone), PODMAN, False, [GONE]),
        (replace(FILE, drivers=()), PODMAN, False, []),
        (CLOSED, PODMAN, False, [engines.CdiFileClosed(path=FILE.path)]),
        (CLOSED, PODMAN, True, []),
        (CLOSED, DOCKER, False, []),
        (None, PODMAN, False, [engines.NoCdiFile()]),
    ],
)
def test_a_cdi_file_of_before(
    table: Table, file: CdiFile | None, around: HostSoftware, root: bool, found: list[Finding]
) -> None:
    software = dataclasses.replace(around, cdi=file is not None and file.readable, cdi_file=file)
    facts = Facts(host=replace(HOST, root=root), gpus=(CARD,))
    case = Examination(
        facts=facts, table=table, choice=choose(facts, table), around=software, setting=NO_SETTING
    )
    assert list(hand_over(case)) == found


def test_it_is_written_anew_where_it_is(table: Table) -> None:
    there = replace(STALE, path="/var/run/cdi/nvidia.yaml").remedy(HOST.place)
    assert there[-1].startswith("sudo nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml")
