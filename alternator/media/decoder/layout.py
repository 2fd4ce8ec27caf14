"""Decides how a picture is shown: whole, or also in parts where the whole would be too small.

Sizes are (width, height) in pixels, boxes (left, top, right, bottom), all of the upright picture.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

Size = tuple[int, int]
Box = tuple[int, int, int, int]

# Shrunk to less than this, the text of a screenshot or a comic can't be read any more.
LEGIBLE_SCALE = 0.6
# What a part is shrunk to at most, unless it would be too wide or there would be too many.
PART_SCALE = 0.75
# From here on, longest to shortest side, a picture is a strip. Phones have screens of 2.2.
STRIP = 2.5
# What a page of text may be shrunk to; it has no strip to be cut along, and the text of one that is
# as large as that is rarely small.
LEGIBLE_PAGE_SCALE = 0.45
MOST_PARTS = 8
# Parts overlap by this, so that no line of text is cut in both.
OVERLAP = 0.04
# Smaller ones (emoji, icons, pixel art) are shown larger, by whole factors.
SMALL = 384
# Some models take nothing narrower: https://huggingface.co/docs/transformers/model_doc/qwen2_vl
NARROWEST = 32


@dataclass(frozen=True, kw_only=True)
class View:
    """A part of the picture, and the size it is shown at."""

    box: Box
    size: Size


def views(size: Size, longest_side: int, *, written: bool = False) -> list[View]:
    """The whole picture, then its parts in reading order if it is too large to be read as a whole.

    ``written``: it looks like a page of text or a drawing rather than a photo.
    """
    width, height = size
    longest, shortest = max(size), min(size)
    whole = View(box=(0, 0, width, height), size=fitted(size, longest_side))
    scale = longest_side / longest
    if longest >= STRIP * shortest and scale < LEGIBLE_SCALE:
        # Each at most twice as long as wide.
        length = min(longest_side / min(longest_side / shortest, PART_SCALE), 2 * shortest)
        length /= 1 + 2 * OVERLAP
        parts = min(max(math.ceil(longest / length), 2), MOST_PARTS)
        columns, rows = (1, parts) if height >= width else (parts, 1)
    elif written and scale < LEGIBLE_PAGE_SCALE:
        columns, rows = (max(math.ceil(side / longest_side / 1.25), 1) for side in size)
        while columns * rows > MOST_PARTS:
            columns, rows = (columns - 1, rows) if columns >= rows else (columns, rows - 1)
    else:
        return [whole]
    boxes = [
        (left, top, right, bottom)
        for top, bottom in _cut(height, rows)
        for left, right in _cut(width, columns)
    ]
    return [whole, *(View(box=box, size=fitted(_size(box), longest_side)) for box in boxes)]


def fitted(size: Size, longest_side: int) -> Size:
    """The size scaled down to fit, or up by a whole factor if it is small."""
    longest = max(size)
    if longest > longest_side:
        width, height = (max(round(side * longest_side / longest), 1) for side in size)
    else:
        factor = max(min(SMALL, longest_side) // longest, 1)
        width, height = (side * factor for side in size)
    return width, height


def _cut(length: int, count: int) -> list[tuple[int, int]]:
    """Overlapping stretches that cover a length."""
    if count == 1:
        return [(0, length)]
    overlap = round(length / count * OVERLAP)
    edges = [round(length * number / count) for number in range(count + 1)]
    return [(max(start - overlap, 0), min(end + overlap, length)) for start, end in pairwise(edges)]


def _size(box: Box) -> Size:
    left, top, right, bottom = box
    return right - left, bottom - top


def stored_box(box: Box, upright: Size, orientation: int) -> Box:
    """Where a box of the upright picture lies in the picture as it is stored.

    ``orientation`` is EXIF's, 1 to 8: which side of the stored picture is up.
    """
    left, top, right, bottom = box
    width, height = upright
    if orientation in (2, 3, 6, 7):
        left, right = width - right, width - left
    if orientation in (3, 4, 7, 8):
        top, bottom = height - bottom, height - top
    if orientation >= 5:
        return top, left, bottom, right
    return left, top, right, bottom
