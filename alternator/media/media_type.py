"""Tells a file's media type by its first bytes; names and headers are not to be trusted."""

import re
from typing import Literal

Kind = Literal["image", "audio", "video"]

HEAD_BYTES = 64

# What the first bytes look like, and the media type; a type that starts with "*/" is a container
# for sound or pictures alike. What browsers go by:
# https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern
# https://mimesniff.spec.whatwg.org/#matching-an-audio-or-video-type-pattern
# The others, in animation, audio, images, jpeg, matroska and riff of
# https://github.com/file/file/tree/master/magic/Magdir
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF....WEBP", "image/webp"),
    (rb"....ftyp(avif|avis)", "image/avif"),
    # "mif1" says only that it is a picture; the brands behind it, which kind.
    (rb"....ftyp(mif1|msf1|miaf)....(....){0,11}?avi[fs]", "image/avif"),
    (rb"....ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)", "image/heic"),
    (rb"BM............[\x0c\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00", "image/bmp"),
    (rb"(II[*+]\x00|MM\x00[*+])", "image/tiff"),
    (rb"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (rb"\xff\x0a", "image/jxl"),
    (rb"....ftypqt  ", "video/quicktime"),
    (rb"....ftyp3g[a-z0-9]{2}", "*/3gpp"),
    (rb"....ftyp", "*/mp4"),
    (rb"....(moov|mdat|wide)", "video/quicktime"),
    (rb"RIFF....WAVE", "audio/wav"),
    (rb"(RF64|BW64)....WAVE", "audio/wav"),
    (rb"fLaC", "audio/flac"),
    (rb"OggS", "*/ogg"),
    (rb"ID3", "audio/mpeg"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", "audio/aac"),
    (rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]", "audio/mpeg"),
    (rb"\x1aE\xdf\xa3.*webm", "*/webm"),
    (rb"\x1aE\xdf\xa3", "*/x-matroska"),
    (rb"RIFF....AVI ", "video/x-msvideo"),
    (rb"\x00\x00\x01[\xb3\xba]", "video/mpeg"),
    (rb"FLV\x01", "video/x-flv"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-wmv"),
)
# Other names for the same thing, as configurations have them.
ALIASES = {
    "audio/mp3": "audio/mpeg",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/x-aac": "audio/aac",
    "audio/opus": "audio/ogg",
    "audio/x-flac": "audio/flac",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/apng": "image/png",
    "image/vnd.mozilla.apng": "image/png",
    "image/heif": "image/heic",
    "image/heic-sequence": "image/heic",
    "image/heif-sequence": "image/heic",
    "image/tif": "image/tiff",
    "image/x-bmp": "image/bmp",
    "image/x-ms-bmp": "image/bmp",
    "video/m4v": "video/mp4",
    "video/x-m4v": "video/mp4",
    "video/avi": "video/x-msvideo",
}


def media_type(head: bytes, kind: Kind) -> str | None:
    """The media type of a file that starts with ``head`` (64 bytes are enough).

    ``kind`` is what the server holds it for; it decides for containers. None: it is no media.
    """
    for pattern, name in SIGNATURES:
        if re.match(pattern, head, re.DOTALL):
            outer = "audio" if kind == "audio" else "video"
            return name.replace("*", outer)
    return None


def canonical(name: str) -> str:
    """A media type's usual name."""
    name = name.strip().lower().partition(";")[0]
    return ALIASES.get(name, name)


def excerpt(head: bytes) -> str:
    """The first bytes of a file that is no media, for a message."""
    return repr(head[:12].decode("ascii", "replace").replace("\ufffd", "?"))
