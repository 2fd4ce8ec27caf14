"""Draws bars: how far each speed is from what is wanted of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

ROW, BAR_HEIGHT, TOP, BOTTOM = 24, 14, 58, 30  # pixels
LABELS, BARS, VALUES = 224, 420, 236
WIDTH = LABELS + BARS + VALUES
MOST = 3.0  # of what is wanted: a longer bar is cut off, and its end is open
HELD, MISSED = "#1f7a4d", "#b4540a"
STYLE = """
  text { font-family: -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1c2430 }
  .title { font-size: 15px; font-weight: 600 }
  .name { font-size: 12px }
  .value { font-size: 12px; font-weight: 600 }
  .note { font-size: 11px; fill: #5b6472 }
  .open { fill: none; stroke: #8a94a3; stroke-dasharray: 4 3 }
  .grid { stroke: #e3e8ee }
  .goal { stroke: #1c2430; stroke-width: 1.6 }
"""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One speed: ``share`` of what is wanted, None where it was not measured; texts beside it."""

    says: str
    share: float | None
    measured: str
    wanted: str
    held: bool


def render(bars: Sequence[Bar]) -> str:
    """The whole picture."""
    height = TOP + ROW * len(bars) + BOTTOM
    title = "How many times as fast, against what is wanted: a bar that reaches the line holds it"
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
                f'role="img" aria-label="{escape(title)}">'
            ),
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
            f'<text class="title" x="16" y="26">{escape(title)}</text>',
            *_axis(height),
            *(line for row, bar in enumerate(bars) for line in _bar(row, bar)),
            "</svg>",
            "",
        ]
    )


def _x(share: float) -> float:
    return LABELS + BARS * min(share, MOST) / MOST


def _axis(height: int) -> Iterator[str]:
    for step in range(int(MOST) + 1):
        kind = "goal" if step == 1 else "grid"
        x = f"{_x(step):.0f}"
        yield f'<line class="{kind}" x1="{x}" x2="{x}" y1="{TOP - 6}" y2="{height - BOTTOM}"/>'
        word = "wanted" if step == 1 else f"{step} ×"
        yield f'<text class="note" text-anchor="middle" x="{x}" y="{TOP - 12}">{word}</text>'


def _bar(row: int, bar: Bar) -> Iterator[str]:
    top = TOP + ROW * row
    base = top + BAR_HEIGHT - 2
    end = LABELS - 10
    yield f'<text class="name" text-anchor="end" x="{end}" y="{base}">{escape(bar.says)}</text>'
    if bar.share is None:
        width = _x(1) - LABELS
        yield (
            f'<rect class="open" x="{LABELS}" y="{top}" width="{width:.0f}" '
            f'height="{BAR_HEIGHT}" rx="2"/>'
        )
    else:
        width, colour = _x(bar.share) - LABELS, HELD if bar.held else MISSED
        yield (
            f'<rect fill="{colour}" x="{LABELS}" y="{top}" width="{width:.1f}" '
            f'height="{BAR_HEIGHT}" rx="2"/>'
        )
        if bar.share > MOST:  # the bar goes on
            x = _x(MOST)
            yield (
                f'<path fill="none" stroke="#ffffff" stroke-width="2" '
                f'd="M{x - 12:.0f},{top} l4,{BAR_HEIGHT} m4,{-BAR_HEIGHT} l4,{BAR_HEIGHT}"/>'
            )
    x = LABELS + BARS + 12
    wanted = f'<tspan class="note" dx="6">wanted {escape(bar.wanted)}</tspan>'
    yield f'<text class="value" x="{x}" y="{base}">{escape(bar.measured)}{wanted}</text>'
