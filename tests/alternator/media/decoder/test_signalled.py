import io
import struct

import pytest
from pictures import RED, chunk, file_of, png
from PIL import Image

from alternator.media.decoder.signalled import Cicp, cicp_of

ROW = bytes(3 * 4)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def heif(*, primary: int, owned: dict[int, tuple[int, ...]], properties: list[bytes]) -> bytes:
    """A file without pixels: which item owns which of the properties."""
    entries = b"".join(
        struct.pack(">HB", item, len(numbers)) + bytes(0x80 | number for number in numbers)
        for item, numbers in owned.items()
    )
    ipma = box(b"ipma", bytes(4) + struct.pack(">I", len(owned)) + entries)
    iprp = box(b"iprp", box(b"ipco", b"".join(properties)) + ipma)
    pitm = box(b"pitm", bytes(4) + struct.pack(">H", primary))
    return box(b"ftyp", b"avif\0\0\0\0mif1") + box(b"meta", bytes(4) + pitm + iprp)


def nclx(primaries: int, transfer: int) -> bytes:
    return box(b"colr", b"nclx" + struct.pack(">HHHB", primaries, transfer, 9, 0x80))


def test_png_says_it_before_its_data():
    chunks = [chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"cICP", bytes((9, 16, 0, 1)))]
    assert cicp_of(png((4, 1), 8, 2, [ROW], before=chunks)) == Cicp(primaries=9, transfer=16)
    assert cicp_of(png((4, 1), 8, 2, [ROW])) is None


def test_heif_says_it_of_each_image_and_the_primary_one_counts():
    # As with a gain map: the HDR rendition is an item of its own.
    content = heif(
        primary=2,
        owned={1: (2,), 2: (1, 3), 3: (2,)},
        properties=[box(b"ispe", bytes(12)), nclx(9, 16), nclx(12, 13)],
    )
    assert cicp_of(content) == Cicp(primaries=12, transfer=13)


def test_an_item_with_a_profile_has_no_numbers():
    content = heif(primary=1, owned={1: (1,)}, properties=[box(b"colr", b"prof" + bytes(9))])
    assert cicp_of(content) is None


def test_real_writers_are_understood():
    image = Image.new("RGB", (64, 64), RED)
    heic = file_of(image, "heic", color_primaries=9, transfer_characteristics=16)
    assert cicp_of(heic) == Cicp(primaries=9, transfer=16)
    assert cicp_of(file_of(image, "avif")) == Cicp(primaries=1, transfer=13)
    assert cicp_of(file_of(image, "jpeg")) is None


@pytest.mark.parametrize("form", ["png", "avif", "heic"])
def test_no_damage_is_too_much_for_it(form: str):
    content = file_of(Image.new("RGB", (64, 64), RED), form)
    for end in range(len(content)):
        cicp_of(content[:end])
    for place in range(min(len(content), 600)):
        cicp_of(content[:place] + b"\xff" + content[place + 1 :])
        cicp_of(content[:place] + b"\0" + content[place + 1 :])
    assert io.BytesIO(content)
