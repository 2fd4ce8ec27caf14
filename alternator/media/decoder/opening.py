"""Opens a picture with the one reader of its media type, and holds it to the limit on pixels.

No other reader is tried, so none can be reached by a file that pretends: EPS would start
Ghostscript, and SVG and PDF are programs of a kind. They are no media types of ours.
"""

import importlib
import warnings
import zlib
from typing import IO

from PIL import Image, ImageFile

from alternator.media.decoder.fault import FaultError
from alternator.media.decoder.jxl_header import jxl_size
from alternator.media.decoder.protocol import MOST_PIXELS

# Module, class and package of the reader.
READERS = {
    "image/jpeg": ("PIL.JpegImagePlugin", "JpegImageFile", "Pillow"),
    "image/png": ("PIL.PngImagePlugin", "PngImageFile", "Pillow"),
    "image/gif": ("PIL.GifImagePlugin", "GifImageFile", "Pillow"),
    "image/webp": ("PIL.WebPImagePlugin", "WebPImageFile", "Pillow"),
    "image/avif": ("PIL.AvifImagePlugin", "AvifImageFile", "Pillow"),
    "image/tiff": ("PIL.TiffImagePlugin", "TiffImageFile", "Pillow"),
    "image/bmp": ("PIL.BmpImagePlugin", "BmpImageFile", "Pillow"),
    "image/heic": ("pi_heif.as_plugin", "HeifImageFile", "pi-heif"),
    "image/jxl": ("pillow_jxl.JpegXLImagePlugin", "JXLImageFile", "pillow-jxl-plugin"),
}

# An ICC profile of a printing press has up to 3 MB.
MOST_PROFILE_BYTES = 8 * 1024 * 1024


def opened(file: IO[bytes], media_type: str) -> ImageFile.ImageFile:
    """The picture, not decoded yet, of whatever size; its pages are frames.

    FaultError where it has too many pixels to be even opened, or no reader is installed; anything
    at all where it is damaged.
    """
    # Readers that take memory as soon as they open look at this one: at twice the value they raise.
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
    warnings.simplefilter("ignore")
    module, name, package = READERS[media_type]
    try:
        reader = getattr(importlib.import_module(module), name)
    except ImportError:
        raise FaultError("no decoder", package) from None
    if media_type == "image/png":
        _skip_texts(importlib.import_module(module).PngStream)
    if media_type == "image/jxl":
        check_size(jxl_size(file.read(1 << 16)) or (0, 0))  # this reader decodes when it opens
        file.seek(0)
    try:
        picture = reader(file)
    except Image.DecompressionBombError:
        raise FaultError("pixels") from None
    assert isinstance(picture, ImageFile.ImageFile)
    # Browsers turn a picture by its EXIF data alone; Pillow would look into XMP as well.
    for key in ("xmp", "XML:com.adobe.xmp"):
        picture.info.pop(key, None)
    return picture


def check_size(size: tuple[int, int]) -> None:
    """FaultError if a picture of this size has too many pixels."""
    width, height = size
    if width * height > MOST_PIXELS:
        raise FaultError("pixels", str(width * height))


def _skip_texts(stream: type) -> None:
    """Have PNG's texts passed over, and its profile read within bounds.

    They are not shown; a small one can unpack to gigabytes; and Pillow refuses the whole picture
    for one of more than a megabyte, as editors and image generators do write.
    https://www.w3.org/TR/png-3/#11textinfo
    """
    for name in ("chunk_tEXt", "chunk_zTXt", "chunk_iTXt"):
        setattr(stream, name, lambda self, pos, length: _chunk(self, length))

    def profile(self: "_Stream", pos: int, length: int) -> bytes:
        data = _chunk(self, length)
        _, _, packed = data.partition(b"\0")
        unpacking = zlib.decompressobj()
        try:
            unpacked = unpacking.decompress(packed[1:], MOST_PROFILE_BYTES)
        except zlib.error:
            return data
        if unpacking.eof:
            self.im_info["icc_profile"] = unpacked
        return data

    setattr(stream, "chunk_iCCP", profile)  # noqa: B010  (mypy holds methods to be constant)


class _Stream:
    """What is used of ``PIL.PngImagePlugin.PngStream``."""

    fp: IO[bytes]
    im_info: dict[str, object]


def _chunk(stream: _Stream, length: int) -> bytes:
    data = stream.fp.read(length)
    if len(data) < length:
        raise OSError("truncated PNG file")
    return data
