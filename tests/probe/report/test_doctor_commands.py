"""The command to type, by system and distribution."""

import pytest

from probe.facts import Facts, Host
from probe.finding import Steps
from probe.frozen_record import replace
from probe.machine.host_software import FAMILIES, HostSoftware
from probe.report.doctor_commands import (
    DRIVER_GUIDE,
    ENGINES,
    driver_commands,
    engine_command,
    toolkit_commands,
)
from probe.tables.builds import Table
from probe.tables.drivers import WantedDriver

HOST = Host(arch="x86_64", os="linux")
LINUX = Facts(host=HOST)
NEWER = WantedDriver(version="580.65.06")
INSTALL = "install NVIDIA's driver 580.65.06 or newer"


def around(distribution: str) -> HostSoftware:
    """A machine of that distribution with nothing installed."""
    return HostSoftware(
        docker=False,
        podman=False,
        nvidia_toolkit=False,
        cdi=False,
        distribution=distribution,
    )


@pytest.mark.parametrize(
    ("os", "distribution", "command"),
    [
        ("darwin", "", "install Docker Desktop"),
        ("windows", "", "install Docker Desktop"),
        ("linux", "fedora", "sudo dnf install podman"),
        ("linux", "alpine", "sudo apk add docker"),
        ("linux", "", "install Docker from your distribution"),
    ],
)
def test_a_container_engine(os: str, distribution: str, command: str) -> None:
    facts = Facts(host=Host(arch="x86_64", os=os))
    assert engine_command(facts, around(distribution)) == command


def test_every_distribution_that_is_told_apart_has_an_engine() -> None:
    assert set(ENGINES) == set(FAMILIES)


@pytest.mark.parametrize(
    ("distribution", "command"),
    [
        ("debian", "apt-get install"),
        ("rhel", "dnf install"),
        ("suse", "zypper install"),
        ("arch", "pacman -S"),
        ("", "apt-get install"),
    ],
)
def test_the_toolkit_is_installed_as_the_distribution_does(distribution: str, command: str) -> None:
    assert toolkit_commands(around(distribution)) == (
        f"sudo {command} nvidia-container-toolkit   # from NVIDIA's package repository",
        "sudo nvidia-ctk runtime configure --runtime=docker",
        "sudo systemctl restart docker",
    )


@pytest.mark.parametrize(
    ("host", "distribution", "commands"),
    [
        (replace(HOST, wsl=True), "ubuntu", (f"{INSTALL} in Windows, then: wsl --shutdown",)),
        (Host(arch="x86_64", os="windows"), "", (INSTALL,)),
        (replace(HOST, container=True), "ubuntu", (f"on the host: {INSTALL} and reboot",)),
        (HOST, "ubuntu", ("sudo ubuntu-drivers install nvidia:580 && sudo reboot",)),
        (HOST, "fedora", (f"{INSTALL} ({DRIVER_GUIDE}), then: sudo reboot",)),
        (
            HOST,
            "debian",
            (
                f"{INSTALL} ({DRIVER_GUIDE}), then: sudo reboot",
                "# Debian's own packages are older",
            ),
        ),
    ],
)
def test_a_driver_is_installed_where_it_belongs(
    table: Table, host: Host, distribution: str, commands: Steps
) -> None:
    facts = Facts(host=host)
    assert driver_commands(NEWER, facts, table, around(distribution)) == commands


def test_a_jetson_gets_another_system(table: Table) -> None:
    facts = Facts(host=replace(HOST, arch="aarch64", tegra=True))
    assert driver_commands(NEWER, facts, table, around("ubuntu")) == (table.tegra_remedy,)


def test_the_last_driver_of_an_old_card_is_named_as_such(table: Table) -> None:
    last = WantedDriver(version="580", last=True)
    (command,) = driver_commands(last, LINUX, table, around("fedora"))
    assert command.startswith("install NVIDIA's driver 580 (newer ones leave this card out) (")
