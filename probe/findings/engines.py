"""What a container engine lacks to hand a GPU over, as the doctor finds it."""

from probe.finding import Finding
from probe.machine.cdi import WRITTEN
from probe.steps import Command, OfSystem, Template

GUIDE = (
    "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"
)
TOOLKIT = OfSystem(
    what="toolkit",
    unless="nvidia-ctk",
    otherwise=(
        f"install the NVIDIA Container Toolkit ({GUIDE}), then run alternator doctor again",
    ),
)


class NoEngine(Finding):
    """Neither Docker nor Podman is installed; the command is the system's."""

    code = "no-container-engine"
    says = "no container engine is installed"
    steps = (OfSystem(what="engine", otherwise=("install Docker from your distribution",)),)


class DriverIsWindows(Finding):
    """WSL2 takes the driver of Windows."""

    code = "driver-is-windows"
    says = (
        "under WSL2 the driver is the one of Windows: install none inside; Docker Desktop hands "
        "GPUs to containers by itself"
    )


class NoToolkit(Finding):
    """Docker has neither of the two ways to hand over a GPU; the command is the system's."""

    code = "no-container-toolkit"
    says = "Docker can't hand a GPU to a container: no NVIDIA Container Toolkit, no CDI"
    steps = (
        TOOLKIT,
        Command(run="nvidia-ctk runtime configure --runtime=docker", root=True, of="system"),
        OfSystem(
            what="restart-docker",
            needs="nvidia-ctk",
            otherwise=(
                Command(
                    run="systemctl restart docker",
                    root=True,
                    of="system",
                    otherwise="restart Docker",
                ),
            ),
        ),
    )


class NoToolkitRootless(Finding):
    """The same of a Docker that runs as this user
    (https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html)."""

    code = "no-container-toolkit-rootless"
    says = (
        "Docker runs without root, and can't hand a GPU to a container: no NVIDIA Container "
        "Toolkit, no CDI"
    )
    steps = (
        TOOLKIT,
        Command(
            run=(
                "nvidia-ctk runtime configure --runtime=docker "
                "--config=$HOME/.config/docker/daemon.json"
            ),
        ),
        Command(
            run="nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place",
            root=True,
            of="system",
        ),
        Command(
            run="systemctl --user restart docker",
            beside="nvidia-ctk",
            otherwise="restart your Docker",
        ),
    )


class SnapDocker(Finding):
    """Docker as Canonical packs it brings NVIDIA's runtime, and reads nothing of the host's
    (https://github.com/canonical/docker-snap#nvidia-support)."""

    code = "snap-docker"
    says = (
        "Docker is a snap, which reads neither /etc/docker/daemon.json nor the CDI files of this "
        "machine: it brings NVIDIA's runtime itself"
    )
    steps = (
        "give containers the GPU by: --runtime nvidia --gpus all",
        Command(run="snap restart docker", root=True, of="system", note="once the driver is there"),
        (
            "from 29.2 on it fails beside an NVIDIA Container Toolkit of this machine: remove "
            "that, or give --gpus 'all,driver=nvidia.runtime-hook'"
        ),
        "or take Docker's own package instead: https://docs.docker.com/engine/install/",
    )


class DockerDesktop(Finding):
    """Docker Desktop runs its engine in a virtual machine, which on Linux has no GPU
    (https://docs.docker.com/desktop/features/gpu/: with Windows and WSL2 alone)."""

    code = "docker-desktop-without-gpu"
    says = "Docker Desktop for Linux hands no GPU to containers: its engine is a virtual machine's"
    steps = (
        "install Docker Engine beside it: https://docs.docker.com/engine/install/",
        Command(run="docker context use default"),
    )


class NoCdiFile(Finding):
    """Podman has no file that describes the GPUs."""

    code = "no-cdi-file"
    says = "Podman hands GPUs over by CDI, and there is no CDI file"
    steps = (
        TOOLKIT,
        Command(
            run=f"nvidia-ctk cdi generate --output={WRITTEN}",
            root=True,
            of="system",
        ),
    )


# The toolkit's own service, from 1.18 on, may have the file written at each start and update
# (https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html).
WRITE_ANEW: Template = (
    TOOLKIT,
    Command(
        run="nvidia-ctk cdi generate --output={path}",
        root=True,
        of="system",
        note="after each update of the driver",
    ),
)


class CdiFileOfOtherDriver(Finding):
    """The CDI file names libraries of a driver that is no more: no container gets the GPU
    (https://github.com/podman-container-tools/podman/issues/26233)."""

    code = "cdi-file-of-other-driver"
    says = (
        "{path} is of driver {old}, and {driver} runs: containers that are given the GPU by it do "
        "not start, or do not see it"
    )
    steps = WRITE_ANEW
    path: str
    old: str
    driver: str


class CdiFileWithoutNodes(Finding):
    """The CDI file names nodes that the kernel does not have
    (https://github.com/NVIDIA/nvidia-container-toolkit/issues/885)."""

    code = "cdi-file-without-nodes"
    says = "{path} names {names}, not there: containers that are given the GPU by it do not start"
    steps = WRITE_ANEW
    path: str
    gone: tuple[str, ...]

    @property
    def names(self) -> str:
        """The nodes."""
        return ", ".join(self.gone)


class CdiFileClosed(Finding):
    """The CDI file is root's alone, as older toolkits wrote it
    (https://github.com/NVIDIA/nvidia-container-toolkit/issues/63)."""

    code = "cdi-file-closed"
    says = "this user may not read {path}, by which its Podman hands GPUs over"
    steps = (Command(run="chmod a+r {path}", root=True, of="system"),)
    path: str
