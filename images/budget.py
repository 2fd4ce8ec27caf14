"""Holds a built image to the size that the catalog allows it."""

import json
import zipfile
from pathlib import Path

import docker

from images.catalog import CHECKOUT, Budget, Catalog, Variant
from images.errors import BudgetError
from images.size_report import LARGEST_CHANGES, difference, gigabytes
from images.weights import Weights, weigh

WORTH_RECORDING = 100_000  # bytes


def recorded_file(name: str, checkout: Path = CHECKOUT) -> Path:
    """The committed weights of a variant: what a build that is too large is compared with."""
    return checkout / "images" / name / "sizes.json"


def record(weights: Weights, name: str, checkout: Path = CHECKOUT) -> Path:
    """Write down the weights of an image as those to compare with; returns the file."""
    path = recorded_file(name, checkout)
    packages = {name: size for name, size in weights.by_name().items() if size >= WORTH_RECORDING}
    content = {"bytes": weights.size, "packages": dict(sorted(packages.items()))}
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return path


def allowed(catalog: Catalog, variant: Variant, wheelhouse: Path) -> Budget:
    """What an image of ``variant`` may weigh: the catalog's figure.

    Without one, as for ROCm, whose wheels differ by several GB from release to release: the CPU's,
    and what the torch wheel in ``wheelhouse`` unpacks to.
    """
    if variant.name in catalog.budgets:
        return catalog.budgets[variant.name]
    wheels = sorted(wheelhouse.glob("torch-*.whl"))
    cpu = catalog.budgets["cpu"].most
    if not wheels or cpu is None:
        return Budget()
    with zipfile.ZipFile(wheels[0]) as wheel:
        return Budget(most=cpu + sum(entry.file_size for entry in wheel.infolist()))


def hold(client: docker.DockerClient, tag: str, variant: Variant, budget: Budget) -> None:
    """Raise a BudgetError that names the largest changes if the image passes its budget."""
    size = int(client.images.get(tag).attrs["Size"])
    if budget.most is not None and size > budget.most:
        weights = weigh(client, tag)
        raise BudgetError(
            f"{tag} has {gigabytes(size)}, {(size - budget.most) / 1e6:.0f} MB more than the "
            f"{gigabytes(budget.most)} that images/catalog.toml allows.\n"
            f"{_reasons(weights, variant)}"
        )


def _reasons(weights: Weights, variant: Variant) -> str:
    """What changed most against the recorded weights; without those, what weighs most."""
    try:
        recorded = json.loads(recorded_file(variant.name).read_text("utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        recorded = {}
    now = {name: size for name, size in weights.by_name().items() if size >= WORTH_RECORDING}
    changes = difference(recorded, now)[:LARGEST_CHANGES] if recorded else []
    if changes:
        return "\n".join(["What changed most since it was recorded:", *changes])
    largest = weights.packages[:LARGEST_CHANGES]
    lines = [f"{package.size / 1e6:10.2f} MB  {package.name}" for package in largest]
    return "\n".join(["What weighs most in it:", *lines])
