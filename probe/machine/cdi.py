"""Files of the Container Device Interface: by them an engine knows NVIDIA's devices.

https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md
"""

from collections.abc import Sequence

from probe.machine.files import Tree

# What the files that NVIDIA's toolkit makes are of, and what its devices are named by
# (https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html).
NVIDIA_KIND = "nvidia.com/gpu"
# Where they are looked for by default; an engine may have others set
# (https://github.com/cncf-tags/container-device-interface/blob/main/README.md).
FOLDERS = ("/etc/cdi", "/var/run/cdi")
FILES = r".*\.(ya?ml|json)"


def cdi_specifications(tree: Tree, folders: Sequence[str] = FOLDERS) -> list[str]:
    """The paths of the files in these folders that describe NVIDIA's devices."""
    paths = [f"{folder}/{name}" for folder in folders for name in tree.names(folder, FILES)]
    return [path for path in paths if NVIDIA_KIND in (tree.read(path) or "")]
