"""Installs torch (the CPU build) and openai-whisper into this environment, from the CPU wheelhouse.

The tests run the very wheels that go into the CPU image, and no machine without a GPU downloads the
3 GB that the default index's torch brings.
"""

import importlib.metadata
import subprocess
import sys

from images.catalog import Catalog, Variant, load_catalog
from images.console import say
from images.wheelhouse import fill_variant


def main() -> None:
    """Install what is missing; says what it does, and nothing where all is there."""
    catalog = load_catalog()
    variant = catalog.variant("cpu")
    if is_installed(catalog, variant):
        return
    folder = fill_variant(catalog, variant)
    say(f"Installing torch {variant.torch} (CPU) and openai-whisper into the environment ...")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index"]
    pip += ["--disable-pip-version-check", "--find-links", str(folder)]
    extra = [f"{name}=={version}" for name, version in catalog.packages.items()]
    subprocess.run([*pip, f"torch=={variant.torch}", *extra], check=True)
    bare = catalog.packages_without_dependencies.items()
    subprocess.run(
        [*pip, "--no-deps", *(f"{name}=={version}" for name, version in bare)], check=True
    )


def is_installed(catalog: Catalog, variant: Variant) -> bool:
    """Whether this environment has these versions already (any build of torch will do)."""
    wanted = {"torch": variant.torch, **catalog.packages, **catalog.packages_without_dependencies}
    try:
        return all(
            importlib.metadata.version(name).partition("+")[0] == version
            for name, version in wanted.items()
        )
    except importlib.metadata.PackageNotFoundError:
        return False


if __name__ == "__main__":
    main()
