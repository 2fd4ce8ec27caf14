"""Makes pictures of every kind for tests, and looks at what a model would get of them."""

import io
import struct
import zlib
from collections.abc import Iterable, Sequence

import pillow_heif
import pillow_jxl  # noqa: F401  registers its format
from PIL import Image

from alternator.media.decoder.profiles import D65, PRIMARIES, profile, srgb_light

pillow_heif.register_heif_opener()

Colour = tuple[int, int, int]
RED, GREEN, BLUE = (220, 20, 20), (20, 200, 20), (20, 20, 220)
WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (128, 128, 128)

# Pillow's names, and options that keep colours as they are.
FORMS: dict[str, tuple[str, dict[str, object]]] = {
    "jpeg": ("JPEG", {"quality": 97, "subsampling": "4:4:4"}),
    "png": ("PNG", {}),
    "gif": ("GIF", {}),
    "webp": ("WEBP", {"lossless": True}),
    "avif": ("AVIF", {"quality": 97, "subsampling": "4:4:4"}),
    "heic": ("HEIF", {"quality": 97, "subsampling": "4:4:4"}),
    "tiff": ("TIFF", {"compression": "tiff_deflate"}),
    "bmp": ("BMP", {}),
    "jxl": ("JXL", {"lossless": True, "use_container": True}),
}

DISPLAY_P3 = profile(PRIMARIES[12], D65, srgb_light)


def file_of(image: Image.Image, form: str, **options: object) -> bytes:
    """The image as a file; ``form`` is one of FORMS."""
    name, usual = FORMS[form]
    output = io.BytesIO()
    image.save(output, name, **{**usual, **options})
    return output.getvalue()


def halves(size: tuple[int, int], left: Colour, right: Colour) -> Image.Image:
    """Two colours side by side."""
    image = Image.new("RGB", size, right)
    image.paste(left, (0, 0, size[0] // 2, size[1]))
    return image


def opened(content: bytes) -> Image.Image:
    """What a model is sent: PNG or JPEG and nothing else, without metadata, without alpha."""
    image = Image.open(io.BytesIO(content))
    assert image.format in ("PNG", "JPEG")
    assert image.mode in ("L", "RGB")
    assert not image.getexif() and "icc_profile" not in image.info
    return image.convert("RGB")


def at(image: Image.Image, across: float, down: float) -> Colour:
    """The colour at a place, both 0 to 1 from the left and from above."""
    x, y = int(across * (image.width - 1)), int(down * (image.height - 1))
    found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return found[0], found[1], found[2]


def close(found: Colour, wanted: Colour, by: int = 14) -> bool:
    """Whether two colours are the same, as far as JPEG keeps them."""
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# size: a header has that many fields.
def png(
    size: tuple[int, int],
    bits: int,
    colour_type: int,
    rows: Iterable[bytes],
    *,
    before: Sequence[bytes] = (),
) -> bytes:
    """A PNG of raw rows; ``before`` are chunks that stand before the data.

    Types: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
    """
    header = struct.pack(">IIBBBBB", *size, bits, colour_type, 0, 0, 0)
    packing = zlib.compressobj(1)
    data = b"".join(packing.compress(b"\0" + row) for row in rows) + packing.flush()
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            *before,
            chunk(b"IDAT", data),
            chunk(b"IEND", b""),
        ]
    )


def png_of_16_bits(
    colour_type: int, left: Sequence[int], right: Sequence[int], **options: Sequence[bytes]
) -> bytes:
    """400 × 300; two colours side by side, each channel 0 to 65535."""
    row = struct.pack(f">{len(left)}H", *left) * 200 + struct.pack(f">{len(right)}H", *right) * 200
    return png((400, 300), 16, colour_type, [row] * 300, **options)


# size: a directory has that many entries.
def tiff(
    size: tuple[int, int], bits: int, samples: int, photometric: int, data: bytes, form: int = 1
) -> bytes:
    """An uncompressed TIFF of raw little-endian samples.

    Photometric: 0 and 1 grey, 2 RGB, 5 CMYK, 8 Lab. Form: 1 whole numbers, 3 floats.
    """
    width, height = size
    depths = struct.pack(f"<{samples}H", *[bits] * samples)
    start = 8 + 2 + 12 * 10 + 4
    outside = len(depths) > 4
    entries = {
        256: (4, 1, struct.pack("<I", width)),
        257: (4, 1, struct.pack("<I", height)),
        258: (3, samples, struct.pack("<I", start) if outside else depths.ljust(4, b"\0")),
        259: (3, 1, struct.pack("<I", 1)),
        262: (3, 1, struct.pack("<I", photometric)),
        273: (4, 1, struct.pack("<I", start + len(depths) * outside)),
        277: (3, 1, struct.pack("<I", samples)),
        278: (4, 1, struct.pack("<I", height)),
        279: (4, 1, struct.pack("<I", len(data))),
        339: (3, 1, struct.pack("<I", form)),
    }
    directory = b"".join(
        struct.pack("<HHI", tag, kind, count) + value
        for tag, (kind, count, value) in entries.items()
    )
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + bytes(4)
    return head + depths * outside + data
