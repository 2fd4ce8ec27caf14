"""Installs torch (the CPU build) and openai-whisper into this environment, from the CPU wheelhouse.

The tests run the very wheels that go into the CPU image, and no machine without a GPU downloads the
3 GB that the default index's torch brings.
"""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

from images.catalog import Catalog, Variant, load_catalog
from images.console import Console
from images.engine.platforms import this_machine
from images.errors import WheelhouseError
from images.packages.wheelhouse import Wheelhouse
from tools.plain import run


def main() -> None:
    """Install what is missing; says what it does, and nothing where all is there."""
    catalog = load_catalog()
    variant = catalog.variant("cpu")
    if is_installed(catalog, variant):
        return
    console = Console()
    wheelhouse = Wheelhouse(catalog=catalog, environ=os.environ, console=console)
    folder = wheelhouse.fill(variant, this_machine())
    console.say(f"Installing torch {variant.torch} (CPU) and openai-whisper ...")
    extra = [f"{name}=={version}" for name, version in catalog.packages.items()]
    install(folder, [f"torch=={variant.torch}", *extra])
    bare = catalog.packages_without_dependencies.items()
    install(folder, ["--no-deps", *(f"{name}=={version}" for name, version in bare)])


def install(folder: Path, arguments: list[str]) -> None:
    """Install from a wheelhouse; WheelhouseError if pip can't, and it has said why."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index"]
    pip += ["--disable-pip-version-check", "--find-links", str(folder), *arguments]
    if subprocess.run(pip, check=False).returncode:
        raise WheelhouseError(
            f"pip could not install from {folder}; its messages stand above. If a file there is "
            f"damaged, remove it and try again"
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
    sys.exit(run(main))
