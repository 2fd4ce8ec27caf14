"""Tells a file's media type by its first bytes; names and headers are not to be trusted."""

import re
from typing import Literal

Kind = Literal["image", "audio", "video"]

HEAD_BYTES = 64

# What the first bytes look like, and the media type; a type that starts with "*/" is a container
# for sound or pictures alike. What browsers go by:
# https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern
# https://mimesniff.spec.whatwg.org/#matching-an-audio-or-video-type-pattern
# The others, in animation, audio, dolby, images, jpeg, matroska, riff and sun of
# https://github.com/file/file/tree/master/magic/Magdir, and in the demuxers' probes in
# https://github.com/FFmpeg/FFmpeg/tree/master/libavformat
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
    (rb"riff\x2e\x91\xcf\x11", "audio/x-w64"),
    (rb"RIFF....XWMA", "audio/x-ms-xwma"),
    (rb"FORM....AIF[FC]", "audio/aiff"),
    (rb"caff\x00", "audio/x-caf"),
    (rb"\.snd\x00", "audio/basic"),
    (rb"#!AMR-WB\n", "audio/amr-wb"),
    (rb"#!AMR\n", "audio/amr"),
    # The kind of the stream (bsid) is in its sixth byte; above 10 it is the enhanced one.
    (rb"\x0b\x77...[\x58-\x87]", "audio/eac3"),
    (rb"\x0b\x77...[\x00-\x57]", "audio/ac3"),
    (rb"(\x7f\xfe\x80\x01|\xfe\x7f\x01\x80|\x1f\xff\xe8\x00|\xff\x1f\x00\xe8)", "audio/vnd.dts"),
    (rb"DTSHDHDR", "audio/vnd.dts"),
    (rb"wvpk", "audio/x-wavpack"),
    (rb"TTA[12]", "audio/x-tta"),
    (rb"MAC [\x00-\xff]", "audio/x-ape"),
    (rb"(MP\+[\x07\x17]|MPCK)", "audio/x-musepack"),
    (rb"tBaK", "audio/x-tak"),
    (rb"DSD \x1c\x00", "audio/x-dsf"),
    (rb"FRM8........DSD ", "audio/x-dff"),
    (rb"[\x02\x03]dss", "audio/x-dss"),
    (rb"Creative Voice File\x1a", "audio/x-voc"),
    (rb"NIST_1A\n", "audio/x-nist"),
    (rb"(\.RMF\x00|\.ra\xfd)", "application/vnd.rn-realmedia"),
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
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "*/x-ms-asf"),
    # The first packet is the start of a table; a camera writes four bytes of time before each.
    (rb"(....)?G[\x40-\x5f].[\x10-\x1f]", "video/mp2t"),
    (rb"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", "video/mxf"),
    (rb"\x1f\x07\x00[\x3f\xbf]", "video/dv"),
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
    "audio/x-aiff": "audio/aiff",
    "audio/caf": "audio/x-caf",
    "audio/3gpp2": "audio/3gpp",
    "audio/matroska": "audio/x-matroska",
    "audio/x-ms-asf": "audio/x-ms-wma",
    "audio/wavpack": "audio/x-wavpack",
    "audio/x-pn-realaudio": "application/vnd.rn-realmedia",
    "video/vnd.rn-realvideo": "application/vnd.rn-realmedia",
    "video/x-ms-asf": "video/x-ms-wmv",
    "video/3gpp2": "video/3gpp",
    "video/matroska": "video/x-matroska",
    "application/mxf": "video/mxf",
    "video/x-dv": "video/dv",
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
            return canonical(name.replace("*", outer))
    return None


def canonical(name: str) -> str:
    """A media type's usual name."""
    name = name.strip().lower().partition(";")[0]
    return ALIASES.get(name, name)


def excerpt(head: bytes) -> str:
    """The first bytes of a file that is no media, for a message."""
    return repr(head[:12].decode("ascii", "replace").replace("\ufffd", "?"))
