"""Each system is told by any of its marks, and has a way of its own for all that is needed."""

from typing import get_args

import pytest

from probe.steps import Command, System, Wanted
from probe.tables.generated import SYSTEMS
from probe.tables.systems import os_release, recognize, systems

# What no system may be told to run but those that have it.
MANAGERS = {
    "apt-get": {"debian", "ubuntu", "proxmox"},
    "dnf": {"fedora", "rhel", "fedora-like", "amazon"},
    "zypper": {"suse"},
    "pacman": {"arch"},
    "apk": {"alpine"},
    "emerge": {"gentoo"},
    "xbps-install": {"void"},
    "eopkg": {"solus"},
    "tdnf": {"photon"},
    "rpm-ostree": {"fedora-atomic", "fedora-coreos"},
    "transactional-update": {"microos"},
    "nixos-rebuild": {"nixos"},
}


def commands(system: System) -> list[Command]:
    return [step for _, steps in system.own for step in steps if isinstance(step, Command)]


@pytest.mark.parametrize(
    ("os_release", "found"),
    [
        ("ID=debian\n", "debian"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "ubuntu"),
        ('ID=pop\nID_LIKE="ubuntu debian"\n', "ubuntu"),
        ("ID=kali\nID_LIKE=debian\n", "debian"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "rhel"),
        ('ID="ol"\nID_LIKE="fedora"\n', "rhel"),
        ("ID=fedora\nVARIANT_ID=workstation\n", "fedora"),
        ("ID=fedora\nVARIANT_ID=silverblue\n", "fedora-atomic"),
        ("ID=fedora\nVARIANT_ID=kinoite\n", "fedora-atomic"),
        ("ID=fedora\nVARIANT_ID=coreos\n", "fedora-coreos"),
        ("ID=fedora\nVARIANT_ID=bluefin-dx-nvidia\n", "universal-blue"),
        ('ID=bazzite\nID_LIKE="fedora"\nVARIANT_ID=bazzite-nvidia-open\n', "bazzite"),
        ("ID=fedora\nVARIANT_ID=bazzite-deck\n", "bazzite"),
        ('ID=fedora\nIMAGE_ID="bazzite-43.20261101"\n', "bazzite"),
        ("ID=steamos\nID_LIKE=arch\n", "steamos"),
        ('ID="unraid-os"\nID_LIKE="slackware suse"\n', "unraid"),
        ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', "suse"),
        ('ID="opensuse-microos"\nID_LIKE="suse opensuse opensuse-tumbleweed"\n', "microos"),
        ('ID="sl-micro"\nID_LIKE="suse"\n', "microos"),
        ("ID=flatcar\nID_LIKE=coreos\n", "flatcar"),
        ("ID=talos\n", "talos"),
        ("ID=nixos\n", "nixos"),
        ("ID=gentoo\n", "gentoo"),
        ("ID=void\n", "void"),
        ("ID=slackware\n", "slackware"),
        ("ID=endeavouros\nID_LIKE=arch\n", "arch"),
        ("ID=cachyos\nID_LIKE=arch\n", "arch"),
        ("ID=alpine\n", "alpine"),
        ("ID=endless\nID_LIKE=debian\n", "endless"),
        ("ID=vanilla\nID_LIKE=debian\n", "vanilla"),
        ("ID=cos\n", "cos"),
        ("ID=bottlerocket\n", "bottlerocket"),
        ("ID=haos\n", "haos"),
        ("ID=ubuntu-core\n", "ubuntu-core"),
        ("ID=chromeos\nID_LIKE=chromiumos\n", "chromeos"),
        ('ID="amzn"\nID_LIKE="fedora"\n', "amazon"),
    ],
)
def test_by_what_it_calls_itself(machine, os_release, found):
    machine.file("/etc/os-release", os_release)
    system = recognize(machine.machine().tree)
    assert system is not None
    assert system.id == found


@pytest.mark.parametrize(
    ("os_release", "path", "found"),
    [
        ("ID=fedora\n", "/run/ostree-booted", "fedora-atomic"),
        ('ID=rhel\nID_LIKE="fedora"\n', "/run/ostree-booted", "ostree"),
        ("ID=debian\n", "/usr/bin/midclt", "truenas"),
        ("ID=debian\n", "/etc/pve/storage.cfg", "proxmox"),
        ("ID=debian\n", "/dev/.cros_milestone", "chromeos"),
        ("ID=slackware\n", "/etc/unraid-version", "unraid"),
        ("", "/etc/synoinfo.conf", "synology"),
        ("", "/etc/alpine-release", "alpine"),
    ],
)
def test_by_what_lies_in_it(machine, os_release, path, found):
    """Built from another system, some keep its name."""
    if os_release:
        machine.file("/etc/os-release", os_release)
    machine.file(path)
    system = recognize(machine.machine().tree)
    assert system is not None
    assert system.id == found
    assert path in system.told_by or any(path.startswith(mark) for mark in system.told_by)


@pytest.mark.parametrize("text", ["ID=plan9\n", "nothing\n", ""])
def test_an_unknown_system_is_none(machine, text):
    machine.file("/etc/os-release", text)
    assert recognize(machine.machine().tree) is None


def test_the_vendors_file_counts_where_etc_has_none(machine):
    machine.file("/usr/lib/os-release", "ID='fedora'\n")
    assert os_release(machine.machine().tree)["ID"] == "fedora"


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.id)
def test_a_row_has_a_way_for_all_and_no_other_systems_manager(system):
    ways = {what for what, _ in system.own}
    # Old cards have a way of their own on some systems, and Docker is restarted by systemd on most.
    assert ways >= {*get_args(Wanted)} - {"restart-docker", "legacy-driver"}
    assert system.docs or system.id == "fedora-like"
    for command in commands(system):
        allowed = MANAGERS.get(command.needs)
        assert allowed is None or system.id in allowed, command.run
    if system.image_based:
        assert not {command.needs for command in commands(system)} & {"apt-get", "dnf", "pacman"}


def test_an_old_card_has_a_way_of_its_own_where_the_system_has_one():
    """What a system installs by itself is too new for it, or has the open kernel module."""
    own = {system.id: dict(system.own) for system in systems()}
    told = {name: str(ways.get("legacy-driver", "")) for name, ways in own.items()}
    assert "legacy_{branch}" in told["nixos"]
    assert "nvidia-{branch}xx" in told["arch"]
    assert "bazzite-nvidia" in told["bazzite"]
    assert told["debian"] == ""


def test_every_row_is_sourced_and_told_by_something():
    ids = [row["id"] for row in SYSTEMS["system"]]
    assert len(ids) == len(set(ids))
    for row in SYSTEMS["system"]:
        assert row["marks"], row["id"]
        assert all(source.startswith("https://") for source in row["source"]), row["id"]
