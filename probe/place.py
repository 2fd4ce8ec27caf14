"""Where the probe runs, by which marks that was told, and what a remedy has to fit there."""

from typing import Literal

from probe.frozen_record import Record

# What the kernel runs on. ``unknown``: nothing told, as in most containers.
MachineKind = Literal["bare-metal", "vm", "wsl1", "wsl2", "unknown"]
# Who made a container, the innermost first: system containers hold those of applications. Docker
# comes late among these, as its mark may lie in an image that others run.
# ``other``: it is one, and nothing tells whose.
ContainerKind = Literal[
    "podman", "apptainer", "docker", "cri-o", "containerd", "lxc", "nspawn", "openvz", "other"
]
# What a program was packed as, where that keeps the system from it.
SandboxKind = Literal["snap", "flatpak"]
# What remedies differ by.
PlaceKind = Literal["host", "wsl", "wsl1", "lxc", "container", "pod"]

# A container with an init of its own, which is run like a machine: engines are installed in it.
SYSTEM_CONTAINERS: tuple[ContainerKind, ...] = ("lxc", "nspawn", "openvz")


class Mark(Record):
    """One thing that was seen, and what it tells."""

    tells: str  # a MachineKind, ContainerKind or SandboxKind, or "kubernetes"
    seen: str  # a path or a variable, with its content where that is what tells


class Where(Record):
    """Where the probe runs: the machine, the container on it, the program's own sandbox."""

    machine: MachineKind = "unknown"
    container: ContainerKind | None = None
    pod: bool = False  # Kubernetes has started the container
    sandbox: SandboxKind | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def kind(self) -> PlaceKind:
        """What remedies differ by."""
        if self.pod:
            return "pod"
        if self.container is not None:
            return "lxc" if self.container in SYSTEM_CONTAINERS else "container"
        return "wsl1" if self.machine == "wsl1" else "wsl" if self.machine == "wsl2" else "host"
