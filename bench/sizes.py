"""The images of ours that are here, against their budgets.

python -m bench.sizes
"""

import os
import sys

from images.catalog import image_tag, load_catalog
from images.console import Console
from images.contents.budget import read_recorded
from images.engine.engine import Engine


def main() -> int:
    """Print a line for each image that has a budget and is here."""
    with Engine(os.environ) as engine:
        for line in budget_lines(engine):
            Console().say(line)
    return 0


def budget_lines(engine: Engine) -> list[str]:
    """Size, budget, what is left of it, and what is over the CPU image, in MB of 10^6 bytes."""
    catalog = load_catalog()
    lines = [f"{'image, MB':<14}{'size':>8}{'budget':>8}{'left':>8}{'over cpu':>10}{'budget':>8}"]
    for name, budget in catalog.budgets.items():
        universal = name == catalog.universal.name
        image = engine.find(image_tag(catalog.universal if universal else catalog.variant(name)))
        if image is None or budget.most is None:
            continue
        line = f"{name:<14}{mb(image.size)}{mb(budget.most)}{mb(budget.most - image.size)}"
        if budget.more_than_cpu is not None:
            over = image.size - read_recorded("cpu")["bytes"]
            line += f"{over / 1e6:>10.0f}{mb(budget.more_than_cpu)}"
        lines.append(line)
    return lines


def mb(size: int) -> str:
    """Bytes in a column of MB."""
    return f"{size / 1e6:>8.0f}"


if __name__ == "__main__":
    sys.exit(main())
