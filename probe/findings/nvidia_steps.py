"""Steps that many findings about NVIDIA's GPUs share: one text for one thing to do."""

from probe.facts import ModuleFlavour
from probe.findings.gpu import GIVE_POD
from probe.steps import ByContainer, Command, Template

# What the packages of a flavour of the kernel module are called, and the installer's option
# (https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/kernel-modules.html).
PACKAGES: dict[ModuleFlavour, str] = {
    "open": "packages with -open in their name; NVIDIA's installer: --kernel-module-type=open",
    "proprietary": (
        "packages without -open in their name; NVIDIA's installer: --kernel-module-type=proprietary"
    ),
}
PROPRIETARY = f"take its proprietary kernel module: {PACKAGES['proprietary']}"
LOOK = Command(
    run="dmesg | grep -i -e nvrm -e xid",
    root=True,
    does="see why",
    otherwise="see what the kernel's log says of NVRM and Xid",
)
XID = Command(
    run="dmesg | grep Xid",
    root=True,
    does="if it happens again",
    otherwise="if it happens again, see what the kernel's log says of Xid",
)
LOAD = Command(run="modprobe nvidia", root=True, otherwise="load the kernel module nvidia")
# https://docs.nvidia.com/deploy/driver-persistence/persistence-daemon.html
AWAKE = Command(run="nvidia-smi -pm 1", root=True, does="keep the cards awake by persistence mode")
GIVE = ByContainer(
    docker="give it to this container (--gpus)",
    podman="give it to this container (--device nvidia.com/gpu=all)",
    containerd="give it to this container (nerdctl run --gpus all, ctr run --gpus 0)",
    apptainer="give it to this container (--nv)",
    nspawn="give it to this container (--bind=/dev/nvidia0, and DeviceAllow= in its unit)",
    other="give it to this container (--gpus, or with Podman --device nvidia.com/gpu=all)",
)
START = ByContainer(
    docker="start it with --gpus all",
    podman="start it with --device nvidia.com/gpu=all",
    containerd="start it with --gpus all (nerdctl run), or --gpus 0 (ctr run)",
    apptainer="start it with --nv",
    nspawn="start it with --bind=/dev/nvidia0 and the like, and DeviceAllow= in its unit",
    other="start it with --gpus all, or with Podman --device nvidia.com/gpu=all",
)
IN_POD = GIVE_POD.format(resource="nvidia.com/gpu", maker="NVIDIA")
UPDATED = "reboot: the driver was updated under a running kernel"
# A system container shares its host's kernel, and so its driver; it is given the device nodes by
# its host and has the driver's libraries of its own, of the same version
# (https://pve.proxmox.com/pve-docs/chapter-pct.html, https://linuxcontainers.org/lxc/manpages/,
# https://documentation.ubuntu.com/lxd/latest/reference/devices_gpu/).
IN_LXC: Template = (
    (
        "this is a system container, its host gives it the GPU. On Proxmox: pct set ID --dev0 "
        "/dev/nvidia0 --dev1 /dev/nvidiactl --dev2 /dev/nvidia-uvm --dev3 /dev/nvidia-uvm-tools"
    ),
    "with LXD or Incus, on the host: incus config device add NAME gpu gpu",
    (
        "with LXC alone, in its configuration on the host: lxc.cgroup2.devices.allow = c 195:* rwm "
        "(and the number of nvidia-uvm in /proc/devices), lxc.mount.entry = /dev/nvidia0 "
        "dev/nvidia0 none bind,optional,create=file (and so for the others)"
    ),
    (
        "in here the driver's libraries, of the version that the host has, without its kernel "
        "module (the installer's --no-kernel-module); then start this container again"
    ),
)
# WSL2 has the driver of Windows, and none of its own
# (https://docs.nvidia.com/cuda/wsl-user-guide/, https://learn.microsoft.com/windows/wsl/basic-commands).
IN_WSL: Template = (
    "install or update NVIDIA's driver in Windows, and none in here",
    Command(run="wsl --update", on="Windows"),
    Command(run="wsl --shutdown", on="Windows", note="then open this distribution again"),
)
# A card in the mode for computing alone keeps the others out of WSL2 as well
# (https://github.com/microsoft/WSL/issues/9952, https://github.com/microsoft/WSL/issues/13027); how
# it is switched: https://docs.nvidia.com/deploy/pdf/NVSMI_Manual.pdf (--driver-model), which
# data-center drivers may refuse and vGPU's don't (https://github.com/microsoft/WSL/issues/9938).
DRIVER_MODEL: Template = (
    *IN_WSL,
    Command(
        run="nvidia-smi -g N -dm 0",
        on="Windows",
        does=(
            "if nvidia-smi there shows TCC as a card's driver model, which WSL2 can't use, make it "
            "WDDM as administrator, or by a vGPU driver"
        ),
        note="then restart Windows",
    ),
)
# https://learn.microsoft.com/windows/wsl/compare-versions
IN_WSL1: Template = (
    "make this distribution one of WSL2",
    Command(run="wsl --list --verbose", on="Windows", note="shows its name"),
    Command(run="wsl --set-version NAME 2", on="Windows"),
)
