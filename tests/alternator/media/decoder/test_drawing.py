import pytest
from pictures import BLUE, RED, WHITE, at, close, halves
from PIL import Image

from alternator.media.decoder import drawing
from alternator.media.decoder.colours import Space
from alternator.media.decoder.drawing import Source
from alternator.media.decoder.layout import View
from alternator.media.decoder.pixels import Pixels, plain


def source(image: Image.Image, orientation: int = 1, size: tuple[int, int] | None = None) -> Source:
    pixels = Pixels(size=image.size, part=lambda box: plain(image.crop(box)))
    upright = image.size if orientation < 5 else (image.height, image.width)
    return Source(pixels=pixels, size=size or upright, orientation=orientation, space=Space())


def whole(image: Image.Image, size: tuple[int, int]) -> View:
    return View(box=(0, 0, *image.size), size=size)


@pytest.mark.parametrize("strip", [1, 1000, 10**9])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "CMYK", "LA"])
@pytest.mark.parametrize("size", [(301, 201), (90, 60), (37, 25), (3, 2)])
def test_it_is_the_same_in_any_strips(
    monkeypatch: pytest.MonkeyPatch, strip: int, mode: str, size: tuple[int, int]
):
    monkeypatch.setattr(drawing, "STRIP_PIXELS", strip)
    image = Image.effect_noise((301, 201), 30).convert(mode)
    found = source(image).draw(whole(image, size))
    monkeypatch.setattr(drawing, "STRIP_PIXELS", 10**9)
    assert found.tobytes() == source(image).draw(whole(image, size)).tobytes()


def test_transparent_colours_do_not_bleed():
    image = Image.new("RGBA", (400, 400), (255, 0, 0, 0))  # a red that nobody sees
    image.paste((0, 0, 255, 255), (201, 0, 400, 400))
    shown = source(image).draw(whole(image, (40, 40)))
    edge = shown.getpixel((20, 20))
    assert isinstance(edge, tuple) and edge[0] < 5 and edge[2] > 250 and edge[3] > 200


def test_a_part_of_what_was_decoded_smaller():
    small = halves((200, 100), RED, BLUE)
    shown = source(small, size=(800, 400)).draw(View(box=(400, 0, 800, 400), size=(100, 100)))
    assert shown.size == (100, 100) and close(at(shown, 0.5, 0.5), BLUE)


def test_a_part_of_a_turned_picture():
    stored = halves((300, 200), RED, BLUE)  # to be turned clockwise: red comes up
    view = View(box=(0, 0, 200, 150), size=(200, 150))
    shown = source(stored, 6).draw(view)
    assert shown.size == (200, 150)
    assert close(at(shown, 0.5, 0.1), RED) and close(at(shown, 0.5, 0.9), RED)


def test_pixel_art_keeps_its_squares_and_a_small_photo_is_smooth():
    art = halves((16, 16), RED, BLUE)
    shown = source(art).draw(whole(art, (384, 384)))
    assert {colour for _, colour in shown.getcolors() or ()} == {RED, BLUE}
    photo = Image.effect_noise((60, 60), 60)
    large = source(photo).draw(whole(photo, (360, 360)))
    steps = [
        abs(int(a) - int(b)) for a, b in zip(large.tobytes(), large.tobytes()[1:], strict=False)
    ]
    assert sum(steps) / len(steps) < 25


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_line_gets_something_beside_it(mode: str):
    line = Image.new("RGB", (900, 2), WHITE).convert(mode)
    shown = source(line).draw(whole(line, (900, 2)))
    assert shown.size == (900, 32)
    assert shown.convert("RGB").getpixel((450, 2)) == (128, 128, 128)
    assert shown.convert("RGB").getpixel((450, 15)) == WHITE
