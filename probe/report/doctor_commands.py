"""The command to type for a step of ``alternator doctor``, by system and distribution."""

from probe.facts import Facts
from probe.finding import Steps
from probe.machine.host_software import HostSoftware
from probe.tables.builds import Table
from probe.tables.drivers import WantedDriver

DRIVER_GUIDE = "docs.nvidia.com/datacenter/tesla/driver-installation-guide"
APT = "sudo apt-get install docker.io   # `make up` does this as root on Debian, Ubuntu"
INSTALLERS = {
    "fedora": "dnf install",
    "rhel": "dnf install",
    "arch": "pacman -S",
    "suse": "zypper install",
}
ENGINES = {
    "debian": APT,
    "ubuntu": APT,
    "fedora": "sudo dnf install podman",
    "rhel": "sudo dnf install podman",
    "arch": "sudo pacman -S docker",
    "suse": "sudo zypper install docker",
    "alpine": "sudo apk add docker",
}


def engine_command(facts: Facts, around: HostSoftware) -> str:
    """What installs a container engine."""
    if facts.host.os in ("darwin", "windows"):
        return "install Docker Desktop"
    return ENGINES.get(around.distribution, "install Docker from your distribution")


def toolkit_commands(around: HostSoftware) -> Steps:
    """What installs the NVIDIA Container Toolkit and has Docker use it."""
    install = INSTALLERS.get(around.distribution, "apt-get install")
    return (
        f"sudo {install} nvidia-container-toolkit   # from NVIDIA's package repository",
        "sudo nvidia-ctk runtime configure --runtime=docker",
        "sudo systemctl restart docker",
    )


def driver_commands(
    wanted: WantedDriver, facts: Facts, table: Table, around: HostSoftware
) -> Steps:
    """What installs an NVIDIA driver on this kind of machine."""
    host = facts.host
    if host.tegra:
        return (table.tegra_remedy,)
    if host.wsl:
        return (f"install NVIDIA's driver {wanted} in Windows, then: wsl --shutdown",)
    if host.os == "windows":
        return (f"install NVIDIA's driver {wanted}",)
    if host.container:
        return (f"on the host: install NVIDIA's driver {wanted} and reboot",)
    if around.distribution == "ubuntu":
        return (f"sudo ubuntu-drivers install nvidia:{wanted.branch} && sudo reboot",)
    install = f"install NVIDIA's driver {wanted} ({DRIVER_GUIDE}), then: sudo reboot"
    if around.distribution == "debian":
        return (install, "# Debian's own packages are older")
    return (install,)
