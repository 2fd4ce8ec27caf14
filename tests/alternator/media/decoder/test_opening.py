import io

import pytest
from pictures import FORMS, RED, file_of
from PIL import Image

from alternator.media.decoder.fault import FaultError
from alternator.media.decoder.opening import READERS, check_size, opened
from alternator.media.decoder.protocol import MOST_PIXELS
from alternator.media.media_type import media_type


@pytest.mark.parametrize("form", FORMS)
def test_each_type_has_its_one_reader(form: str):
    content = file_of(Image.new("RGB", (40, 30), RED), form)
    kind = media_type(content[:64], "image")
    assert kind == f"image/{form}" and kind in READERS
    with opened(io.BytesIO(content), kind) as picture:
        assert picture.size == (40, 30)
    for other in set(READERS) - {kind}:
        # Whatever it raises; none but its own gets anywhere.
        with pytest.raises(Exception):  # noqa: B017, PT011
            opened(io.BytesIO(content), other).load()


def test_a_reader_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(READERS, "image/jxl", ("no_such_module", "Reader", "pillow-jxl-plugin"))
    with pytest.raises(FaultError) as caught:
        opened(io.BytesIO(b"\xff\x0a"), "image/jxl")
    assert (caught.value.fault, caught.value.detail) == ("no decoder", "pillow-jxl-plugin")


def test_a_large_jxl_is_not_even_opened():
    bits, place = 0, 0
    for value, count in ((0, 1), (3, 2), (19_999, 30), (1, 3)):  # 20000 × 20000
        bits |= value << place
        place += count
    with pytest.raises(FaultError) as caught:
        opened(io.BytesIO(b"\xff\x0a" + bits.to_bytes(16, "little")), "image/jxl")
    assert caught.value.fault == "pixels"


def test_the_limit_itself_is_within():
    check_size((MOST_PIXELS, 1))
    with pytest.raises(FaultError):
        check_size((MOST_PIXELS + 1, 1))


def test_xmp_does_not_turn_a_picture():
    # Browsers don't look there; https://drafts.csswg.org/css-images-4/#the-image-orientation
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="6"/></x:xmpmeta>'
    for form in ("jpeg", "webp", "avif"):
        content = file_of(Image.new("RGB", (40, 30), RED), form, xmp=xmp)
        assert xmp in content
        with opened(io.BytesIO(content), f"image/{form}") as picture:
            assert picture.getexif().get(0x0112) in (None, 1)
