import pytest
from PIL import Image, ImageDraw

from alternator.media.decoder.ground import GROUNDS, best_ground, grounded

LIGHT, DARK, MIDDLE = GROUNDS


def drawn(*colours: str, alpha: int = 255) -> Image.Image:
    """Bars of some colours on nothing."""
    image = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    for number, colour in enumerate(colours):
        bar = Image.new("RGBA", (30, 160), colour)
        bar.putalpha(alpha)
        image.paste(bar, (10 + 40 * number, 20))
    return image


@pytest.mark.parametrize(
    ("colours", "ground"),
    [
        (("black",), LIGHT),
        (("red", "blue"), LIGHT),
        (("white",), DARK),
        (("white", "yellow"), DARK),
        (("white", "black"), MIDDLE),
        (("grey",), LIGHT),
        (("white", "grey"), DARK),
        (("white", "black", "grey"), LIGHT),  # all hide something
    ],
)
def test_the_ground_shows_what_is_drawn(colours: tuple[str, ...], ground: tuple[int, int, int]):
    assert best_ground([drawn(*colours)]) == ground


def test_thin_white_text_is_seen():
    image = Image.new("RGBA", (800, 200), (255, 255, 255, 0))
    ImageDraw.Draw(image).text((20, 80), "a line of thin white text", fill=(255, 255, 255, 255))
    (shown,) = grounded([image])
    assert shown.mode == "RGB" and shown.getpixel((0, 0)) == DARK
    assert sum(shown.convert("L").histogram()[150:]) > 50


def test_half_transparent_parts_are_mixed():
    (shown,) = grounded([drawn("black", alpha=128)])
    found = shown.getpixel((20, 100))
    assert isinstance(found, tuple) and 120 < found[0] < 135


def test_grey_with_alpha_and_hidden_colours():
    image = Image.merge("LA", (Image.new("L", (50, 50), 255), Image.new("L", (50, 50), 0)))
    image.paste((255, 255), (10, 10, 40, 40))
    (shown,) = grounded([image])
    assert shown.getpixel((0, 0)) == DARK and shown.getpixel((25, 25)) == (255, 255, 255)


def test_frames_share_one_ground():
    frames = grounded([drawn("white"), drawn("white", "black")])
    assert {frame.getpixel((0, 0)) for frame in frames} == {MIDDLE}


def test_what_hides_nothing_is_left_as_it_is():
    opaque = Image.new("RGBA", (9, 9), (1, 2, 3, 255))
    grey = Image.new("L", (9, 9), 7)
    shown = grounded([opaque, grey])
    assert [image.mode for image in shown] == ["RGB", "L"]
    assert shown[0].getpixel((4, 4)) == (1, 2, 3) and shown[1].getpixel((4, 4)) == 7
