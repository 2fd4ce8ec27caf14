"""What else on this machine matters to containers with a GPU: engines, toolkit, distribution."""

from dataclasses import dataclass

from probe.machine import Machine

# Any of these lets Docker serve --gpus.
TOOLKIT = ("nvidia-container-runtime-hook", "nvidia-container-runtime", "nvidia-ctk")
# Linux Mint and Pop!_OS are like Ubuntu, Rocky and AlmaLinux like RHEL: they take its commands.
FAMILIES = ("ubuntu", "debian", "fedora", "rhel", "arch", "suse", "alpine")
CDI_DIRECTORIES = ("/etc/cdi", "/var/run/cdi")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The host around the GPUs, as ``alternator doctor`` needs it."""

    docker: bool
    podman: bool
    nvidia_toolkit: bool
    nvidia_ctk: bool
    cdi: bool  # a CDI specification that names NVIDIA GPUs
    distribution: str = ""  # debian, ubuntu, fedora, …: whose commands serve here


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
    """The family that a distribution names itself or says that it is like."""
    values = dict(line.partition("=")[::2] for line in os_release.splitlines())
    words = [values.get(key, "").strip().strip("\"'").lower() for key in ("ID", "ID_LIKE")]
    names = " ".join(words).split()
    return next((name for name in names if name in FAMILIES), names[0] if names else "")
