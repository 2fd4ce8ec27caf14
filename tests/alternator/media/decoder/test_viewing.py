"""Whole pictures of the kinds that people post, through the whole decoder."""

import io

import pytest
from pictures import BLUE, GREEN, RED, WHITE, at, close, file_of, halves, opened
from PIL import Image, ImageDraw

from alternator.media.decoder.protocol import MOST_BYTES, MOST_BYTES_OF_ONE
from alternator.media.decoder.viewing import views_of_frames, views_of_picture


def page(size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    for line in range(10, size[1] - 10, 14):
        pen.text((10, line), f"line {line}: words in a row, " * (size[0] // 150), fill="black")
    return image


def test_text_of_a_long_screenshot_is_as_sharp_as_it_was():
    long = page((800, 6000))
    reply = views_of_picture(file_of(long, "png"), "image/png", 2048)
    assert reply.kind == "long"
    first = opened(reply.pictures[1])
    assert first.tobytes() == long.crop((0, 0, *first.size)).tobytes()


@pytest.mark.parametrize("form", ["png", "jpeg"])
def test_a_large_page_is_cut_and_a_large_photo_is_not(form: str):
    reply = views_of_picture(file_of(page((2800, 2500)), form), f"image/{form}", 1024)
    assert reply.kind == "long" and len(reply.pictures) == 7
    bands = [Image.effect_noise((350, 312), 60).resize((2800, 2500)) for _ in range(3)]
    photo = file_of(Image.merge("RGB", bands), form)
    assert views_of_picture(photo, f"image/{form}", 1024).kind == "still"


def test_all_pictures_together_are_not_too_many_bytes():
    noise = Image.effect_noise((1600, 16000), 90).convert("RGB")
    reply = views_of_picture(file_of(noise, "jpeg", quality=60), "image/jpeg", 2048)
    assert reply.kind == "long"
    assert sum(map(len, reply.pictures)) <= MOST_BYTES
    assert max(map(len, reply.pictures)) <= MOST_BYTES_OF_ONE


def test_an_animation_of_one_telling_frame_is_shown_in_full():
    shot = page((1800, 1200))
    blank = Image.new("RGB", shot.size, "white")
    content = file_of(blank, "webp", save_all=True, append_images=[shot, shot], duration=500)
    reply = views_of_picture(content, "image/webp", 2048)
    assert reply.kind == "still"
    assert opened(reply.pictures[0]).tobytes() == shot.tobytes()


def test_frames_with_transparency_keep_what_stood_before():
    frames = []
    for number, colour in enumerate((RED, GREEN, BLUE)):
        image = Image.new("RGBA", (300, 100), (0, 0, 0, 0))
        image.paste((*colour, 255), (100 * number, 0, 100 * number + 100, 100))
        frames.append(image)
    content = file_of(frames[0], "gif", save_all=True, append_images=frames[1:], disposal=1)
    last = opened(views_of_picture(content, "image/gif", 2048).pictures[-1])
    assert close(at(last, 0.1, 0.5), RED) and close(at(last, 0.9, 0.5), BLUE)


def test_a_tiff_of_several_pages_shows_the_first():
    pages = [Image.new("RGB", (300, 200), colour) for colour in (GREEN, RED)]
    content = file_of(pages[0], "tiff", save_all=True, append_images=pages[1:])
    reply = views_of_picture(content, "image/tiff", 2048)
    assert reply.kind == "still" and close(at(opened(reply.pictures[0]), 0.5, 0.5), GREEN)


def test_a_gif_that_grows_beyond_the_limit_ends_there():
    frames = [halves((40, 40), RED, BLUE), halves((40, 40), GREEN, BLUE)]
    content = bytearray(file_of(frames[0], "gif", save_all=True, append_images=frames[1:]))
    place = content.rindex(b",\0\0\0\0")
    content[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    reply = views_of_picture(bytes(content), "image/gif", 2048)
    assert reply.kind == "still" and close(at(opened(reply.pictures[0]), 0.2, 0.5), RED)


def test_damage_is_raised():
    content = file_of(halves((300, 200), RED, WHITE), "png")
    with pytest.raises(OSError, match="truncated"):
        views_of_picture(content[: len(content) // 2], "image/png", 2048)
    with pytest.raises(SyntaxError):
        views_of_frames([b"\x89PNG nothing"], "image/png", 2048)
    assert io.BytesIO(content)
