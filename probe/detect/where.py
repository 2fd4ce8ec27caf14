"""Tells where the probe runs, by every mark that is cheap to read.

In this order:

1. What the kernel runs on: WSL by its release, its device and its variables; a virtual machine by
   its firmware, its hypervisor's files and its clock; bare metal where the firmware names a maker
   and nothing speaks of a virtual machine.
2. A container: what its manager left (files, variables, cgroups, mounts), and where nobody left
   anything, that processes are numbered anew or that no init runs at the root of the cgroups.
   Of several the innermost counts: an application's container stands in a system container.
3. Kubernetes, by what it mounts and sets.
4. The sandbox of a Snap or a Flatpak.

After systemd's detect_vm and detect_container
(https://github.com/systemd/systemd/blob/main/src/basic/virt.c); what was added has its source
beside it.
"""

from collections.abc import Iterator
from typing import get_args

from probe.detect.mounts import mount_marks
from probe.facts import POD
from probe.machine.image_record import PATH as IMAGE_RECORD
from probe.machine.this_machine import Machine
from probe.place import ContainerKind, MachineKind, Mark, SandboxKind, Where

# Variables that tell a place; a recording keeps that they are set, of ``container`` the value too.
NAMES = (
    *("SNAP", "SNAP_NAME", "SNAP_REVISION", "FLATPAK_ID", "WSL_DISTRO_NAME", "WSL_INTEROP"),
    "container",
)
KUBERNETES = "kubernetes"

# Firmware of virtual machines, by how its names begin.
VM_FIRMWARE = (
    *("KVM", "OpenStack", "KubeVirt", "Amazon EC2", "QEMU", "VMware", "VMW", "innotek GmbH"),
    *("VirtualBox", "Xen", "Bochs", "Parallels", "BHYVE", "Hyper-V", "Apple Virtualization"),
    # Hyper-V's product name (https://learn.microsoft.com/windows-server/virtualization/hyper-v/)
    *("Google Compute Engine", "Virtual Machine"),
)
FIRMWARE = ("product_name", "sys_vendor", "board_vendor", "bios_vendor")
# Clocks that only a hypervisor gives (https://docs.kernel.org/virt/kvm/x86/timekeeping.html).
VM_CLOCKS = ("kvm-clock", "hyperv_clocksource", "xen")

# What the value of ``container=`` says (https://systemd.io/CONTAINER_INTERFACE/). ``oci`` is what
# runtimes say that name no manager.
BY_NAME: dict[str, ContainerKind] = {
    "docker": "docker",
    "podman": "podman",
    "lxc": "lxc",
    "lxc-libvirt": "lxc",
    "systemd-nspawn": "nspawn",
    "openvz": "openvz",
    "crio": "cri-o",
    "oci": "other",
}
# Docker's (https://github.com/moby/moby/blob/HEAD/daemon/initlayer/setup_unix.go), Podman's
# (https://docs.podman.io/en/latest/markdown/podman-run.1.html), Apptainer's
# (https://apptainer.org/docs/user/latest/environment_and_metadata.html), our own images', and of
# LXC's two managers the sockets (https://documentation.ubuntu.com/lxd/latest/dev-lxd/).
BY_FILE: dict[str, ContainerKind] = {
    "/.dockerenv": "docker",
    "/run/.containerenv": "podman",
    "/.singularity.d": "apptainer",
    IMAGE_RECORD: "other",
    "/dev/lxd/sock": "lxc",
    "/dev/incus/sock": "lxc",
    "/dev/.lxc": "lxc",
}
# Parts of the names of PID 1's cgroups, where the container sees those of its host.
BY_CGROUP: dict[str, str] = {
    "kubepods": KUBERNETES,
    "docker": "docker",
    "libpod": "podman",
    "crio": "cri-o",
    "containerd": "containerd",
    "nerdctl": "containerd",
    "lxc": "lxc",
}
# https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
POD_FILES = ("/run/secrets/kubernetes.io", "/var/run/secrets/kubernetes.io")
# What an init at the root of the cgroups leaves in /run: systemd
# (https://www.freedesktop.org/software/systemd/man/latest/sd_booted.html), OpenRC, runit, s6,
# dinit, procd. A host's kernel always starts kthreadd as process 2
# (https://github.com/systemd/systemd/pull/17902).
INITS = (
    *("/run/systemd/system", "/run/openrc", "/run/runit", "/run/s6", "/run/s6-rc"),
    *("/run/dinitctl", "/run/initctl", "/dev/initctl", "/run/procd"),
)
KERNEL_THREADS = "kthreadd"
# Of several marks the first kind counts: the innermost, and a name before none.
INNERMOST: tuple[ContainerKind, ...] = get_args(ContainerKind)


def read_where(machine: Machine) -> Where:
    """Where this runs; reads some twenty small files."""
    marks = (*_machine_marks(machine), *_container_marks(machine), *_sandbox_marks(machine))
    told = {mark.tells for mark in marks}
    kernel = _kernel(told)
    # Each of these has processes of its own numbers, and is told by its name.
    named = told.intersection((*INNERMOST, KUBERNETES, "wsl1", "wsl2", "flatpak"))
    if not named:
        unnamed = tuple(_unnamed_container(machine))
        marks += unnamed
        told |= {mark.tells for mark in unnamed}
    pod = KUBERNETES in told
    container = next((kind for kind in INNERMOST if kind in told), "other" if pod else None)
    sandbox = next((kind for kind in get_args(SandboxKind) if kind in told), None)
    return Where(machine=kernel, container=container, pod=pod, sandbox=sandbox, marks=marks)


def _kernel(told: set[str]) -> MachineKind:
    order: tuple[MachineKind, ...] = ("wsl2", "wsl1", "vm", "bare-metal")
    return next((kind for kind in order if kind in told), "unknown")


def _machine_marks(machine: Machine) -> Iterator[Mark]:
    wsl = tuple(_wsl_marks(machine))
    yield from wsl
    if not wsl:
        vm = tuple(_vm_marks(machine))
        yield from vm
        maker = (machine.tree.read("/sys/class/dmi/id/sys_vendor") or "").strip()
        if maker and not vm:
            yield Mark(tells="bare-metal", seen=f"/sys/class/dmi/id/sys_vendor: {maker}")


def _wsl_marks(machine: Machine) -> Iterator[Mark]:
    """WSL1's release ends in ``-Microsoft``, WSL2's has ``microsoft-standard`` or ``WSL2``
    (https://github.com/microsoft/WSL/issues/4555); only WSL2 has a kernel, and so a device."""
    tree = machine.tree
    release = (tree.read("/proc/sys/kernel/osrelease") or "").strip()
    seen = f"/proc/sys/kernel/osrelease: {release}"
    if "WSL2" in release or "microsoft" in release:
        yield Mark(tells="wsl2", seen=seen)
    elif "Microsoft" in release:
        yield Mark(tells="wsl1", seen=seen)
    if tree.exists("/dev/dxg"):
        yield Mark(tells="wsl2", seen="/dev/dxg")
    for fact in mount_marks(tree):
        if fact.tells in ("wsl1", "wsl2"):
            yield fact
    # A kernel of one's own may say nothing of WSL; both versions start Windows' programs.
    for path in ("/proc/sys/fs/binfmt_misc/WSLInterop", "/run/WSL"):
        if tree.exists(path):
            yield Mark(tells="wsl1" if "Microsoft" in release else "wsl2", seen=path)


def _vm_marks(machine: Machine) -> Iterator[Mark]:
    tree = machine.tree
    names = {name: (tree.read(f"/sys/class/dmi/id/{name}") or "").strip() for name in FIRMWARE}
    metal = ".metal" in names["product_name"]  # EC2's machines without a hypervisor
    for name, text in names.items():
        if text.startswith(VM_FIRMWARE) and not metal:
            yield Mark(tells="vm", seen=f"/sys/class/dmi/id/{name}: {text}")
    for path in ("/sys/hypervisor/type", "/proc/device-tree/hypervisor/compatible"):
        text = (tree.read(path) or "").strip("\0\n ")
        if text:
            yield Mark(tells="vm", seen=f"{path}: {text}")
    path = "/sys/devices/system/clocksource/clocksource0/available_clocksource"
    for clock in (tree.read(path) or "").split():
        if clock.startswith(VM_CLOCKS):
            yield Mark(tells="vm", seen=f"{path}: {clock}")


def _container_marks(machine: Machine) -> Iterator[Mark]:
    tree = machine.tree
    for path, kind in BY_FILE.items():
        if tree.exists(path):
            yield Mark(tells=kind, seen=path)
    yield from _named(machine)
    cgroups = tree.read("/proc/1/cgroup") or ""
    for part, tells in BY_CGROUP.items():
        if part in cgroups:
            yield Mark(tells=tells, seen=f"/proc/1/cgroup: {part}")
    yield from (mark for mark in mount_marks(tree) if not mark.tells.startswith("wsl"))
    if tree.exists("/proc/vz") and not tree.exists("/proc/bc"):
        yield Mark(tells="openvz", seen="/proc/vz without /proc/bc")
    if POD in machine.environ:
        yield Mark(tells=KUBERNETES, seen=POD)
    for path in POD_FILES:
        if tree.exists(path):
            yield Mark(tells=KUBERNETES, seen=path)


def _named(machine: Machine) -> Iterator[Mark]:
    """What a manager of containers calls itself."""
    tree = machine.tree
    said = {
        "/run/host/container-manager": tree.read("/run/host/container-manager"),
        "/run/systemd/container": tree.read("/run/systemd/container"),
        "/proc/1/environ": tree.read_part("/proc/1/environ", manager_variable),
        "container": machine.environ.get("container"),
    }
    for where, text in said.items():
        name = (text or "").strip().removeprefix("container=").strip()
        if name in ("flatpak", "wsl", ""):
            continue  # told by marks of their own
        yield Mark(tells=BY_NAME.get(name, "other"), seen=f"{where}: {name}")


def manager_variable(environ: str) -> str:
    """Of a process's variables the one that names a manager: what may stand in a recording."""
    words = environ.replace("\0", "\n").split("\n")
    return next((word for word in words if word.startswith("container=")), "")


def _unnamed_container(machine: Machine) -> Iterator[Mark]:
    """Where nobody left a name: containerd's tools do not, with cgroups of version 2."""
    tree = machine.tree
    second = (tree.read("/proc/2/comm") or "").strip()
    if second and second != KERNEL_THREADS:
        yield Mark(tells="other", seen="/proc/2/comm is no thread of the kernel")
    alone = (tree.read("/proc/1/cgroup") or "").strip() == "0::/"
    if alone and not second and not any(tree.exists(path) for path in INITS):
        yield Mark(tells="other", seen="/proc/1/cgroup: 0::/, and no init in /run")


def _sandbox_marks(machine: Machine) -> Iterator[Mark]:
    """A Snap's and a Flatpak's. Programs started by a snapped editor inherit its variables and are
    not confined: the kernel's profile has to say so too
    (https://snapcraft.io/docs/environment-variables)."""
    tree, environ = machine.tree, machine.environ
    profile = (tree.read("/proc/self/attr/current") or "").strip("\0\n ")
    confined = profile.startswith("snap.") and profile.endswith("(enforce)")
    if confined and all(name in environ for name in ("SNAP", "SNAP_NAME", "SNAP_REVISION")):
        yield Mark(tells="snap", seen=f"SNAP, /proc/self/attr/current: {profile}")
    # https://docs.flatpak.org/en/latest/flatpak-command-reference.html#flatpak-metadata
    if tree.exists("/.flatpak-info"):
        yield Mark(tells="flatpak", seen="/.flatpak-info")
        if "FLATPAK_ID" in environ:
            yield Mark(tells="flatpak", seen="FLATPAK_ID")
