import itertools

import pytest
from PIL import Image

from alternator.media.decoder.drawing import TURNS
from alternator.media.decoder.layout import (
    LEGIBLE_SCALE,
    MOST_PARTS,
    Box,
    Size,
    fitted,
    stored_box,
    views,
)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((4096, 2048), (2048, 1024)),
        ((2048, 2048), (2048, 2048)),
        ((1000, 10), (1000, 10)),
        ((100_000, 3), (2048, 1)),
        ((16, 16), (384, 384)),
        ((100, 50), (300, 150)),
        ((1, 1), (384, 384)),
        ((300, 2), (300, 2)),
    ],
)
def test_sizes_that_fit(size: Size, shown: Size):
    assert fitted(size, 2048) == shown


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        ((1170, 2532), 0),  # a telephone's screen
        ((1080, 2400), 0),
        ((4000, 3000), 0),  # a photo
        ((3840, 2160), 0),
        ((6000, 3000), 0),  # a view all around
        ((800, 6000), 5),  # a comic
        ((1080, 12000), 7),  # a long screenshot
        ((800, 60000), MOST_PARTS),
        ((12000, 2000), 5),  # a panorama
        ((500, 3000), 0),  # at 68 % it can be read as a whole
    ],
)
def test_strips_are_cut_and_others_are_not(size: Size, parts: int):
    assert len(views(size, 2048)) - 1 == parts


@pytest.mark.parametrize(
    "size", [(800, 6000), (12000, 2000), (6000, 5000), (90, 9000), (7000, 9900)]
)
@pytest.mark.parametrize("longest_side", [512, 1024, 2048])
def test_parts_cover_the_picture_in_reading_order(size: Size, longest_side: int):
    whole, *parts = views(size, longest_side, written=True)
    assert whole.box == (0, 0, *size)
    assert 2 <= len(parts) <= MOST_PARTS
    assert all(max(part.size) <= longest_side for part in parts)
    boxes: list[Box] = [part.box for part in parts]
    assert boxes == sorted(boxes, key=lambda box: (box[1], box[0]))
    # Every point is in a part: by the grid of all edges.
    xs, ys = ({edge for box in boxes for edge in (box[i], box[i + 2])} for i in (0, 1))
    for left, top in itertools.product(sorted(xs)[:-1], sorted(ys)[:-1]):
        assert any(b[0] <= left < b[2] and b[1] <= top < b[3] for b in boxes)
    assert max(xs) == size[0] and max(ys) == size[1]


@pytest.mark.parametrize("size", [(800, 6000), (12000, 2000)])
def test_parts_are_sharper_than_the_whole(size: Size):
    whole, *parts = views(size, 2048)
    scale = whole.size[0] / size[0]
    for part in parts:
        assert part.size[0] / (part.box[2] - part.box[0]) > max(2 * scale, LEGIBLE_SCALE)


def test_a_page_is_cut_where_a_photo_is_not():
    assert len(views((6000, 5000), 2048)) == 1
    assert len(views((6000, 5000), 2048, written=True)) == 1 + 3 * 2
    assert len(views((3500, 2500), 2048, written=True)) == 1  # a page at 300 dots per inch


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_is_found_where_it_is_stored(orientation: int):
    upright = Image.new("L", (60, 40), 0)
    box = (10, 5, 25, 30)
    upright.paste(255, box)
    back = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    stored = upright.transpose(TURNS[back[orientation]]) if orientation > 1 else upright
    assert stored.getbbox() == stored_box(box, (60, 40), orientation)
