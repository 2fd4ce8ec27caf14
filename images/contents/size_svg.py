"""Draws an image's weights: one bar for the image, below it its layers, packages and large files.

Widths are bytes to one scale, so that a glance tells what is worth a saving.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from images.catalog import Budget
from images.contents.size_report import against, gigabytes
from images.contents.weights import LAYERS, TITLES, Layer, Package, Weights

WIDTH, MARGIN, ROW, GAP, TOP = 1200, 20, 58, 4, 64
COLOURS: dict[Layer, str] = {
    "base": "#7d8597",
    "tools": "#b5838d",
    "packages": "#457b9d",
    "code": "#2a9d8f",
}
CHARACTER = 6.6  # pixels, at the size of the labels
LEAST_FOR_A_LABEL = 34  # pixels
# What many names have in common. Where a bar is narrow, nvidia-cudnn-cu13 is cudnn.
COMMON = re.compile(r" \(.*|^nvidia-(?:cuda-)?|-cu\d+$|^lib|\.so[.\d]*$")


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A rectangle: its row, start and size in bytes, what it is called and how it is filled."""

    row: int
    start: int
    size: int
    name: str
    colour: str
    shade: float


def draw(weights: Weights, budget: Budget | None) -> str:
    """The picture as SVG text."""
    total = sum(package.size for package in weights.packages)
    most = budget.most if budget and budget.most else 0
    scale = (WIDTH - 2 * MARGIN) / max(total, most)
    height = TOP + 4 * (ROW + GAP) + 16
    title = f"{weights.tag}: {gigabytes(weights.size)}{against(weights.size, budget)}"
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'font-family="DejaVu Sans, Verdana, sans-serif" font-size="12">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        (
            f'<text x="{MARGIN}" y="28" font-size="17" font-weight="bold" fill="#1d2733">'
            f"{escape(title)}</text>"
        ),
    ]
    parts += [_rectangle(bar, scale) for bar in bars(weights, total)]
    if most:
        x = MARGIN + most * scale
        parts.append(
            f'<path d="M{x:.1f} {TOP - 12} V{height - 12}" stroke="#c1121f" stroke-width="2" '
            f'stroke-dasharray="5 3"/><text x="{x - 6:.1f}" y="{TOP - 8}" text-anchor="end" '
            f'fill="#c1121f">budget {gigabytes(most)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def bars(weights: Weights, total: int) -> Iterator[Bar]:
    """Every rectangle, from left to right in its row."""
    yield Bar(row=0, start=0, size=total, name="the image", colour="#1d3557", shade=1)
    start = 0
    for layer in LAYERS:
        packages = weights.of_layer(layer)
        size = sum(package.size for package in packages)
        colour = COLOURS[layer]
        yield Bar(row=1, start=start, size=size, name=TITLES[layer], colour=colour, shade=1)
        yield from _packages(packages, start, colour)
        start += size


def _packages(packages: Iterable[Package], start: int, colour: str) -> Iterator[Bar]:
    for index, package in enumerate(packages):
        shade = 0.85 if index % 2 else 0.7
        yield Bar(
            row=2, start=start, size=package.size, name=package.name, colour=colour, shade=shade
        )
        inside = start
        for number, (name, size) in enumerate(sorted(package.files.items(), key=lambda i: -i[1])):
            yield Bar(
                row=3,
                start=inside,
                size=size,
                name=name,
                colour=colour,
                shade=0.5 if number % 2 else 0.4,
            )
            inside += size
        start += package.size


def _rectangle(bar: Bar, scale: float) -> str:
    x, y = MARGIN + bar.start * scale, TOP + bar.row * (ROW + GAP)
    width = bar.size * scale
    if width < 0.5:
        return ""
    tip = f"{bar.name}: {bar.size / 1e6:.1f} MB"
    shape = (
        f"<g><title>{escape(tip)}</title>"
        f'<rect x="{x:.1f}" y="{y}" width="{max(width - 1, 0.5):.1f}" '
        f'height="{ROW}" fill="{bar.colour}" fill-opacity="{bar.shade}"/>'
    )
    if width >= LEAST_FOR_A_LABEL:
        ink = "#ffffff" if bar.shade > 0.6 else "#1d2733"
        most = int((width - 8) / CHARACTER)
        megabytes = f"{bar.size / 1e6:.0f} MB"
        name = escape(label(bar.name, most))
        shape += f'<text x="{x + 5:.1f}" y="{y + 24}" fill="{ink}">{name}</text>'
        if len(megabytes) <= most:
            shape += f'<text x="{x + 5:.1f}" y="{y + 42}" fill="{ink}">{megabytes}</text>'
    return f"{shape}</g>"


def label(name: str, most: int) -> str:
    """A name in at most that many characters: whole, without what is common, or its beginning."""
    short = COMMON.sub("", name)
    if len(name) <= most:
        return name
    return short if len(short) <= most else f"{short[: max(most - 1, 1)]}…"
