"""The command to type for a step of ``alternator doctor``, by system and distribution."""

from probe.decide.fit import driver_to_take
from probe.facts import Facts, Gpu
from probe.machine.host_software import HostSoftware
from probe.tables.builds import Table

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


def toolkit_command(around: HostSoftware) -> str:
    """What installs the NVIDIA Container Toolkit."""
    return f"sudo {INSTALLERS.get(around.distribution, 'apt-get install')} nvidia-container-toolkit"


def driver_command(floor: str, gpu: Gpu, facts: Facts, table: Table, around: HostSoftware) -> str:
    """What installs an NVIDIA driver that reaches ``floor`` and still serves the GPU."""
    wanted = driver_to_take(floor, gpu.compute_capability)
    if facts.host.tegra:
        return table.tegra_remedy
    if facts.host.wsl:
        return f"install NVIDIA's driver {wanted} in Windows, then: wsl --shutdown"
    if facts.host.os == "windows":
        return f"install NVIDIA's driver {wanted}"
    if facts.host.container:
        return f"on the host: install NVIDIA's driver {wanted} and reboot"
    if around.distribution == "ubuntu":
        branch = wanted.partition(" ")[0].partition(".")[0]
        return f"sudo ubuntu-drivers install nvidia:{branch} && sudo reboot"
    note = "\n# Debian's own packages are older" if around.distribution == "debian" else ""
    return f"install NVIDIA's driver {wanted} ({DRIVER_GUIDE}), then: sudo reboot{note}"
