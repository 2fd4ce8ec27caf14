"""The machine or the container that the probe runs in, as facts."""

from probe.detect.where import read_where
from probe.facts import Host
from probe.machine.this_machine import Machine
from probe.tables.systems import recognize

ARCHITECTURES = {"arm64": "aarch64", "amd64": "x86_64"}  # as others than Linux say it
# The tools that remedies call, looked for where root finds them too; tests/probe/test_remedies.py
# holds that no command calls another one.
TOOLS = (
    *("sudo", "doas", "dmesg", "modprobe", "systemctl", "usermod", "chmod", "getent"),
    *("mokutil", "reboot"),
    *(
        "nvidia-smi",
        "nvidia-modprobe",
        "nvidia-ctk",
        "nvidia-cuda-mps-control",
        "rocm-smi",
        "amd-smi",
        "ldconfig",
    ),
    *("docker", "podman", "nerdctl", "snap"),
    *("apt-get", "dnf", "zypper", "pacman", "apk", "emerge", "xbps-install", "ubuntu-drivers"),
    *("rpm-ostree", "bootc", "transactional-update", "nixos-rebuild", "eopkg", "tdnf", "yum"),
    *("rc-service", "sv", "service"),
)


def read_host(machine: Machine) -> Host:
    """What kind of machine or container this is."""
    tree, platform = machine.tree, machine.platform()
    where = read_where(machine)
    compatible = tree.read("/proc/device-tree/compatible") or ""
    looked_for = {tool: machine.has(tool) for tool in TOOLS}
    return Host(
        arch=platform.arch
        if platform.system == "darwin"
        else ARCHITECTURES.get(platform.arch.lower(), platform.arch),
        os=platform.system,
        wsl=where.machine in ("wsl1", "wsl2"),
        pod=where.pod,
        container=where.container is not None,
        tegra="nvidia,tegra" in compatible or tree.exists("/etc/nv_tegra_release"),
        where=where,
        system=recognize(tree) if platform.system == "linux" else None,
        has=frozenset(tool for tool, there in looked_for.items() if there),
        lacks=frozenset(tool for tool, there in looked_for.items() if there is False),
        root=machine.root(),
    )
