"""Draws docs/rooms.svg: ``python -m tools.rooms_picture [--check]``.

Packages are panels, rooms are boxes from top to bottom in the order of tools/rooms.toml, curves are
the imports between rooms, read from the source. ``--check`` fails if the picture is not current.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from tools.rooms import CHECKOUT, Room, arrows, load_rooms, modules, package_of, room_of
from tools.write_or_check import write_or_check

PICTURE = CHECKOUT / "docs" / "rooms.svg"

BOX_WIDTH, BOX_HEIGHT, GAP = 206, 34, 12  # pixels
PANEL_WIDTH, HEAD, MARGIN = 286, 36, 12
CURVE_ROOM = PANEL_WIDTH - BOX_WIDTH - 2 * MARGIN  # right of the boxes, for the curves
# Columns from left to right: who imports stands left of what it imports.
COLUMNS = (("alternator",), ("compose", "images", "tools"), ("probe",), ("sandbox",))
COLOURS = {
    "probe": "#2563a8",
    "alternator": "#8a3ab9",
    "images": "#b4540a",
    "compose": "#1f7a4d",
    "sandbox": "#8a6d00",
    "tools": "#5b6472",
}
STYLE = """
  text { font-family: -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1c2430 }
  .package { font-size: 17px; font-weight: 600 }
  .says, .note { font-size: 10.5px; fill: #5b6472 }
  .room { font-size: 13px; font-weight: 600 }
  .box { fill: #ffffff; stroke-width: 1.2 }
  .panel { fill: #f5f7fa; stroke: #cfd6df }
  .arrow { fill: none; stroke-width: 1.1; opacity: .6 }
"""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Where a package stands, in pixels."""

    package: str
    x: int
    y: int

    @property
    def height(self) -> int:
        """The panel's height: all its rooms below each other."""
        return HEAD + len(load_rooms().rooms[self.package]) * (BOX_HEIGHT + GAP) + MARGIN - GAP

    def top(self, place: int) -> int:
        """The upper edge of a room's box."""
        return self.y + HEAD + place * (BOX_HEIGHT + GAP)


def panels() -> list[Panel]:
    """The packages' places, column by column."""
    found: list[Panel] = []
    for column, packages in enumerate(COLUMNS):
        y = 40
        for package in packages:
            found.append(Panel(package=package, x=MARGIN + column * (PANEL_WIDTH + MARGIN), y=y))
            y += found[-1].height + MARGIN
    return found


def render() -> str:
    """The whole picture."""
    placed = panels()
    width = MARGIN + len(COLUMNS) * (PANEL_WIDTH + MARGIN)
    height = max(panel.y + panel.height for panel in placed) + MARGIN
    count = len(modules())
    title = "Rooms and imports: a curve runs from a room to one below it, never up"
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            f'aria-label="{escape(title)}">'
        ),
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
        (
            '<defs><marker id="tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" '
            'markerHeight="6" orient="auto"><path d="M0,0 L6,3 L0,6 z" fill="context-stroke"/>'
            "</marker></defs>"
        ),
        f'<text class="note" x="{MARGIN}" y="24">{escape(title)}. {count} modules.</text>',
    ]
    for panel in placed:
        lines += _panel(panel)
    return "\n".join([*lines, "</svg>", ""])


def _panel(panel: Panel) -> Iterator[str]:
    table = load_rooms()
    colour = COLOURS[panel.package]
    others = table.packages[panel.package]
    imports = f"imports {', '.join(others)}" if others else "imports none of ours"
    yield (
        f'<rect class="panel" x="{panel.x}" y="{panel.y}" width="{PANEL_WIDTH}" '
        f'height="{panel.height}" rx="8"/>'
    )
    yield (
        f'<text class="package" x="{panel.x + MARGIN}" y="{panel.y + 24}" '
        f'style="fill: {colour}">{panel.package}/</text>'
    )
    yield (
        f'<text class="note" text-anchor="end" x="{panel.x + PANEL_WIDTH - MARGIN}" '
        f'y="{panel.y + 24}">{imports}</text>'
    )
    yield from _curves(panel, colour)
    for room in table.rooms[panel.package]:
        yield from _box(panel, room, colour)


def _box(panel: Panel, room: Room, colour: str) -> Iterator[str]:
    x, y = panel.x + MARGIN, panel.top(room.place)
    name = f"{room.name}/" if room.folder else room.name
    dashes = "" if room.folder else ' stroke-dasharray="4 2"'
    yield (
        f'<rect class="box" x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="5" '
        f'stroke="{colour}"{dashes}/>'
    )
    yield f'<text class="room" x="{x + 9}" y="{y + 14}">{escape(name)}</text>'
    yield f'<text class="says" x="{x + 9}" y="{y + 27}">{escape(room.says)}</text>'


def _curves(panel: Panel, colour: str) -> Iterator[str]:
    """The imports between the panel's rooms, further ones further out."""
    within = Counter(
        (room_of(name).place, room_of(other).place)
        for name, other in arrows()
        if package_of(name) == package_of(other) == panel.package
    )
    rooms = len(load_rooms().rooms[panel.package])
    for (start, end), count in sorted(within.items()):
        if start == end:
            continue
        right = panel.x + MARGIN + BOX_WIDTH
        # Curves leave a box low and enter one high, so that both ends can be told apart.
        leaves = panel.top(start) + BOX_HEIGHT - 8
        enters = panel.top(end) + 8
        out = right + 14 + (CURVE_ROOM - 18) * abs(end - start) / max(rooms - 1, 1)
        yield (
            f'<path class="arrow" stroke="{colour}" marker-end="url(#tip)" '
            f'd="M{right},{leaves} C{out:.0f},{leaves} {out:.0f},{enters} {right + 3},{enters}">'
            f"<title>{count} imports</title></path>"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Write the picture, or with --check tell whether it is current."""
    current = write_or_check({PICTURE: render()}, "run python -m tools.rooms_picture", argv)
    return int(not current)


if __name__ == "__main__":
    sys.exit(main())
