"""An image's weights as lines for a terminal: the tree against its budget, and what grew."""

from collections.abc import Mapping

from images.catalog import Budget
from images.contents.weights import LAYERS, TITLES, Package, Weights

MOST_PACKAGES = 12
LEAST_SHOWN = 1_000_000  # bytes: smaller packages are summed up
LARGEST_CHANGES = 8


def tree(weights: Weights, budget: Budget | None) -> list[str]:
    """The image, its layers, their packages and large files, the largest first."""
    lines = [f"{weights.tag}  {gigabytes(weights.size)}{against(weights.size, budget)}"]
    layers = [(layer, weights.of_layer(layer)) for layer in LAYERS]
    layers = [(layer, packages) for layer, packages in layers if packages]
    for index, (layer, packages) in enumerate(layers):
        last = index == len(layers) - 1
        total = sum(package.size for package in packages)
        lines.append(_line("", last, TITLES[layer], total))
        lines += _packages(packages, "   " if last else "│  ")
    return lines


def _packages(packages: list[Package], indent: str) -> list[str]:
    shown = [package for package in packages[:MOST_PACKAGES] if package.size >= LEAST_SHOWN]
    shown = shown or packages[:1]
    rest = packages[len(shown) :]
    lines = []
    for index, package in enumerate(shown):
        last = not rest and index == len(shown) - 1
        lines.append(_line(indent, last, package.name, package.size))
        deeper = indent + ("   " if last else "│  ")
        files = sorted(package.files.items(), key=lambda item: -item[1])
        if len(files) > 1 or (files and files[0][1] < 0.9 * package.size):
            for place, (name, size) in enumerate(files):
                lines.append(_line(deeper, place == len(files) - 1, name, size))
    if rest:
        total, s = sum(package.size for package in rest), "" if len(rest) == 1 else "s"
        lines.append(_line(indent, True, f"{len(rest)} smaller package{s}", total))
    return lines


def _line(indent: str, last: bool, name: str, size: int) -> str:
    label = f"{indent}{'└─ ' if last else '├─ '}{name}"
    return f"{label:<58} {size / 1e6:9.1f} MB"


def against(size: int, budget: Budget | None) -> str:
    """How a size stands to its budget, in a few words; empty without one."""
    if budget is None or budget.most is None:
        return ""
    room = budget.most - size
    verdict = f"{abs(room) / 1e6:.0f} MB {'left' if room >= 0 else 'too much'}"
    stretch = f", stretch {gigabytes(budget.stretch)}" if budget.stretch else ""
    return f" of {gigabytes(budget.most)}: {verdict}{stretch}"


def difference(old: Mapping[str, int], new: Mapping[str, int]) -> list[str]:
    """What grew, shrank, came and went, by ``layer/package``, the largest change first."""
    changes = {name: new.get(name, 0) - old.get(name, 0) for name in {*old, *new}}
    ordered = sorted(changes.items(), key=lambda item: (-abs(item[1]), item[0]))
    lines = []
    for name, change in ordered:
        if change:
            note = "  (new)" if name not in old else "  (gone)" if name not in new else ""
            lines.append(f"{change / 1e6:+10.2f} MB  {name}{note}")
    return lines


def gigabytes(size: float) -> str:
    """``1.00 GB``: decimal, as the engine reports sizes."""
    return f"{size / 1e9:.2f} GB"
