"""Holds a built image to the size that the catalog allows it."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from images.catalog import CHECKOUT, Budget, Catalog, Universal, Variant
from images.contents.size_report import LARGEST_CHANGES, difference, gigabytes
from images.contents.weights import Weights, weigh
from images.engine.engine import Engine
from images.errors import BudgetError

WORTH_RECORDING = 100_000  # bytes


class Recorded(TypedDict):
    """What an image weighed when it was recorded: its bytes, and those of each package."""

    bytes: int
    packages: dict[str, int]


def recorded_file(name: str, checkout: Path = CHECKOUT) -> Path:
    """The committed weights of a variant: what a build that is too large is compared with."""
    return checkout / "images" / name / "sizes.json"


def record(weights: Weights, name: str, checkout: Path = CHECKOUT) -> Path:
    """Write down the weights of an image as those to compare with; returns the file."""
    path = recorded_file(name, checkout)
    packages = {name: size for name, size in weights.by_name().items() if size >= WORTH_RECORDING}
    content: Recorded = {"bytes": weights.size, "packages": dict(sorted(packages.items()))}
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return path


def read_recorded(name: str, checkout: Path = CHECKOUT) -> Recorded:
    """The committed weights of a variant; OSError or ValueError where there are none."""
    found: Recorded = json.loads(recorded_file(name, checkout).read_text("utf-8"))
    return found


def allowed(
    catalog: Catalog, variant: Variant | Universal, wheelhouse: Path, checkout: Path = CHECKOUT
) -> Budget:
    """What an image may weigh: the catalog's figure.

    That is also the CPU image's recorded size and ``more_than_cpu``, whichever is less. Nothing is
    said of the variant's other torch builds: nobody should be left without an image because the
    libraries of an older CUDA are larger. Without a figure, as for ROCm, whose wheels differ by
    several GB from release to release: the CPU's, and what the torch wheel in ``wheelhouse``
    unpacks to.
    """
    if isinstance(variant, Universal):
        return catalog.budgets[variant.name]
    if variant.name in catalog.budgets:
        if variant != catalog.variant(variant.name):
            return Budget()
        budget = catalog.budgets[variant.name]
        if budget.most is None or budget.more_than_cpu is None:
            return budget
        cpu_bytes = read_recorded("cpu", checkout)["bytes"]
        return replace(budget, most=min(budget.most, cpu_bytes + budget.more_than_cpu))
    wheels = sorted(wheelhouse.glob("torch-*.whl"))
    cpu = catalog.budgets["cpu"].most
    if not wheels or cpu is None:
        return Budget()
    with zipfile.ZipFile(wheels[0]) as wheel:
        return Budget(most=cpu + sum(entry.file_size for entry in wheel.infolist()))


def over_base(budget: Budget, catalog: Catalog, base_bytes: int) -> Budget:
    """The budget over a base of ``base_bytes``: what is more than the catalog's comes on top."""
    more = max(0, base_bytes - catalog.budget_base)
    return budget if budget.most is None else replace(budget, most=budget.most + more)


def check_size(engine: Engine, tag: str, name: str, budget: Budget) -> None:
    """Raise a BudgetError that names the largest changes if the image passes its budget.

    ``name`` is the variant's.
    """
    size = engine.inspect(tag).size
    if budget.most is not None and size > budget.most:
        weights = weigh(engine, tag)
        raise BudgetError(
            f"{tag} has {gigabytes(size)}, {(size - budget.most) / 1e6:.0f} MB more than the "
            f"{gigabytes(budget.most)} that images/catalog.toml allows.\n"
            f"{_reasons(weights, name)}"
        )


def _reasons(weights: Weights, name: str) -> str:
    """What changed most against the recorded weights; without those, what weighs most."""
    try:
        recorded = read_recorded(name)["packages"]
    except (OSError, ValueError, KeyError):
        recorded = {}
    now = {entry: size for entry, size in weights.by_name().items() if size >= WORTH_RECORDING}
    changes = difference(recorded, now)[:LARGEST_CHANGES] if recorded else []
    if changes:
        return "\n".join(["What changed most since it was recorded:", *changes])
    largest = weights.packages[:LARGEST_CHANGES]
    lines = [f"{package.size / 1e6:10.2f} MB  {package.name}" for package in largest]
    return "\n".join(["What weighs most in it:", *lines])
