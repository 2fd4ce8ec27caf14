"""The commands that an operator types: the machine's own."""

import pytest

from images.engine import commands
from probe.steps import Surroundings
from probe.tables.systems import systems

SYSTEMS = {system.id: system for system in systems()}


def test_debian_and_an_unknown_system_take_apt() -> None:
    for place in (Surroundings(system=SYSTEMS["debian"]), Surroundings()):
        assert commands.to_install_engine("docker-compose-v2", place) == (
            "    sudo apt-get install docker.io docker-compose-v2\n"
            "    sudo usermod -aG docker $USER   # then log in again\n"
        )


@pytest.mark.parametrize(
    ("system", "told"),
    [
        ("fedora", "    sudo dnf install podman\n"),
        ("arch", "    sudo pacman -S docker\n"),
        ("gentoo", "    sudo emerge --ask app-containers/docker   # "),
        ("unraid", "    switch Docker on under Settings → Docker"),
        ("steamos", "    SteamOS has Podman"),
    ],
)
def test_another_system_is_not_told_apt(system: str, told: str) -> None:
    place = Surroundings(system=SYSTEMS[system])
    assert commands.to_install_engine("docker-compose", place).startswith(told)
    packages = commands.to_install(("qemu-user-static", "binfmt-support"), place)
    assert packages == "    install qemu-user-static and binfmt-support as this system does\n"


def test_where_a_tool_is_missing_it_is_said_in_words() -> None:
    alpine = Surroundings(system=SYSTEMS["alpine"], lacks=frozenset({"usermod"}))
    assert commands.indented((commands.JOIN, commands.START), alpine) == (
        "    add this user to the group docker, then log in again\n"
        "    start Docker as this system starts its services\n"
    )


def test_this_machine_is_looked_at() -> None:
    assert commands.here().kind in ("host", "container", "lxc", "pod", "wsl", "wsl1")
