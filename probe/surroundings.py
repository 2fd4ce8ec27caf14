"""What else on this machine matters to containers with a GPU: engines, toolkit, distribution."""

from dataclasses import dataclass

from probe.machine import Machine

# Any of these lets Docker serve --gpus.
TOOLKIT = ("nvidia-container-runtime-hook", "nvidia-container-runtime", "nvidia-ctk")
CDI_DIRECTORIES = ("/etc/cdi", "/var/run/cdi")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The host around the GPUs, as ``alternator doctor`` needs it."""

    docker: bool
    podman: bool
    nvidia_toolkit: bool
    nvidia_ctk: bool
    cdi: bool  # a CDI specification that names NVIDIA GPUs
    distribution: str = ""  # ID of /etc/os-release: debian, ubuntu, fedora, …


def look_around(machine: Machine) -> Surroundings:
    """Look for container engines and the NVIDIA Container Toolkit; starts nothing."""
    tree = machine.tree

    def installed(name: str) -> bool:
        return machine.find(name) is not None

    return Surroundings(
        docker=installed("docker"),
        podman=installed("podman"),
        nvidia_toolkit=any(installed(name) for name in TOOLKIT),
        nvidia_ctk=installed("nvidia-ctk"),
        cdi=any(
            "nvidia.com/gpu" in (tree.read(f"{directory}/{name}") or "")
            for directory in CDI_DIRECTORIES
            for name in tree.names(directory, r".*\.(ya?ml|json)")
        ),
        distribution=_distribution(tree.read("/etc/os-release") or ""),
    )


def _distribution(os_release: str) -> str:
    for line in os_release.splitlines():
        key, _, value = line.partition("=")
        if key == "ID":
            return value.strip().strip('"')
    return ""
