"""GPUs and machines as detection would have found them, for tests of what is decided on them."""

from probe.decide.choice import Choice
from probe.facts import Facts, Gpu, Host, Node


def nvidia(
    capability: str, driver: str | None, *, memory: int | None = 16384, index: int = 0
) -> Gpu:
    """An accessible card of NVIDIA's, ``memory`` in MiB."""
    major, minor = capability.split(".")
    return Gpu(
        vendor="nvidia",
        index=index,
        uuid=f"GPU-{capability}-{index}",
        name=f"card {capability}",
        memory_mib=memory,
        driver=driver,
        compute_capability=(int(major), int(minor)),
        state="accessible",
    )


def amd(gfx: str, *, memory: int = 16384, index: int = 0, integrated: bool = False) -> Gpu:
    """An accessible GPU of AMD's, ``memory`` in MiB."""
    return Gpu(
        vendor="amd",
        index=index,
        name=f"card {gfx}",
        memory_mib=memory,
        gfx=gfx,
        state="accessible",
        integrated=integrated,
    )


def machine_with(*gpus: Gpu, arch: str = "x86_64", wsl: bool = False, tegra: bool = False) -> Facts:
    """A Linux host with these GPUs."""
    return Facts(host=Host(arch=arch, os="linux", wsl=wsl, tegra=tegra), gpus=gpus)


def node(path: str, *, group: int = 0, open_to_all: bool = True, usable: bool = True) -> Node:
    """A device node."""
    return Node(path=path, group=group, open_to_all=open_to_all, usable=usable)


def advice(choice: Choice) -> tuple[str, ...]:
    """What a person on a host is told."""
    return tuple(entry.text("host") for entry in choice.advice)
