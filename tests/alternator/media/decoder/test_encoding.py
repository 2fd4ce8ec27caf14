import io

from PIL import Image, ImageDraw

from alternator.media.decoder.encoding import encoded, looks_drawn, looks_written


def page(size: tuple[int, int] = (1200, 900)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    for line in range(0, size[1], 14):
        pen.text((10, line), "all kinds of words in a line of text, " * 6, fill="black")
    return image


def photo(size: tuple[int, int] = (1200, 900)) -> Image.Image:
    bands = [Image.effect_noise(size, sigma) for sigma in (20, 30, 40)]
    return Image.merge("RGB", bands)


def form_of(content: bytes) -> str | None:
    with Image.open(io.BytesIO(content)) as image:
        return image.format


def test_text_keeps_its_edges_and_a_photo_its_size():
    text = encoded(page(), 4_000_000)
    assert form_of(text) == "PNG"
    with Image.open(io.BytesIO(text)) as image:
        assert image.convert("RGB").tobytes() == page().tobytes()
    assert form_of(encoded(photo(), 4_000_000)) == "JPEG"


def test_red_on_blue_is_no_smear():
    # A line of a pixel loses its colour where colours are stored at half the resolution.
    image = photo((400, 400))
    image.paste((0, 0, 255), (100, 100, 300, 300))
    image.paste((255, 0, 0), (200, 100, 201, 300))
    with Image.open(io.BytesIO(encoded(image, 4_000_000))) as shown:
        found = shown.convert("RGB").getpixel((200, 200))
    assert isinstance(found, tuple) and found[0] > 180 and found[2] < 90


def test_the_limit_on_bytes_holds():
    noise = photo((2048, 2048))
    full = len(encoded(noise, 100_000_000))
    assert len(encoded(noise, full // 2)) <= full // 2


def test_no_metadata_goes_out():
    for image in (page(), photo()):
        image.info.update({"exif": b"Exif\0\0MM", "icc_profile": b"x", "xmp": b"x"})
        with Image.open(io.BytesIO(encoded(image, 4_000_000))) as shown:
            assert not shown.getexif() and not {"icc_profile", "xmp", "exif"} & set(shown.info)


def test_what_is_a_page():
    shrunk = page((4000, 3000)).resize((1300, 1000), Image.Resampling.LANCZOS)
    assert looks_written(shrunk) and looks_written(page())
    for other in (photo(), Image.new("RGB", (900, 900), "red"), Image.linear_gradient("L")):
        assert not looks_written(other)
    assert looks_drawn(Image.new("L", (1, 50)))
