"""What an uploaded file is: its type, its measures and a small preview.

Files are kept as they came. (Mastodon re-encodes them and strips metadata; other servers with the
same API don't, so the sandbox shows a client the harder case: any codec, pictures with EXIF.)
ffmpeg and ffprobe are used where they are installed; without them audio and video are accepted by
their type alone, with no duration and no preview.
"""

import json
import mimetypes
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from sandbox.model.model import AttachmentType

TOOL_SECONDS = 30.0
PREVIEW_PIXELS = 640 * 360  # as Mastodon's "small" style

# File name suffix by media type, of the types that Mastodon 4.4 accepts and we can tell apart.
SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "video/webm": ".webm",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/ogg": ".ogv",
    "audio/wav": ".wav",
    "audio/wave": ".wav",
    "audio/x-wav": ".wav",
    "audio/x-pn-wave": ".wav",
    "audio/vnd.wave": ".wav",
    "audio/ogg": ".ogg",
    "audio/vorbis": ".ogg",
    "audio/opus": ".opus",
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/webm": ".weba",
    "audio/flac": ".flac",
    "audio/x-flac": ".flac",
    "audio/aac": ".aac",
    "audio/m4a": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/mp4": ".m4a",
    "audio/3gpp": ".3gp",
}
# What Python's own table lacks or names differently.
MEDIA_TYPE_OF_SUFFIX = {
    ".opus": "audio/ogg",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
# Served media get their type from this table: a browser plays a clip only if its type says so.
for _suffix, _media_type in MEDIA_TYPE_OF_SUFFIX.items():
    mimetypes.add_type(_media_type, _suffix)


class UnreadableError(Exception):
    """The file is not what its media type says."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was found in a file. ``meta`` is Mastodon's; sizes in pixels, durations in seconds."""

    type: AttachmentType
    meta: dict[str, Any]
    preview: Path | None


def media_type_of(name: str, declared: str | None) -> str | None:
    """The media type of an upload; None when it is none that Mastodon takes.

    What the client declares wins, unless it declares nothing of use.
    """
    declared = (declared or "").partition(";")[0].strip().lower()
    if declared in SUFFIXES:
        return declared
    guess = mimetypes.guess_type(name.lower())[0]
    return guess if guess in SUFFIXES else None


def inspect(path: Path, media_type: str) -> Inspection:
    """Look into a file and write its preview beside it.

    Raises:
        UnreadableError: when the file cannot be read as ``media_type``.
    """
    if media_type.startswith("image/"):
        return inspect_image(path)
    return inspect_audio_or_video(path, media_type)


def inspect_image(path: Path) -> Inspection:
    """Measure a picture. The measures are those seen, after its EXIF orientation."""
    try:
        with Image.open(path) as image:
            animated = getattr(image, "n_frames", 1) > 1
            upright = ImageOps.exif_transpose(image)
            original = geometry(*upright.size)
            small = upright.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableError(str(error)) from error
    scale = min(1.0, (PREVIEW_PIXELS / (small.width * small.height)) ** 0.5)
    small.thumbnail((max(1, round(small.width * scale)), max(1, round(small.height * scale))))
    preview = path.with_suffix(".small.jpg")
    small.save(preview, quality=85)
    meta = {"original": original, "small": geometry(*small.size)}
    return Inspection(type="gifv" if animated else "image", meta=meta, preview=preview)


def inspect_audio_or_video(path: Path, media_type: str) -> Inspection:
    """Measure a clip. A video without sound is a ``gifv``, as on Mastodon."""
    video_expected = media_type.startswith("video/")
    if tool("ffprobe") is None:
        return Inspection(type="video" if video_expected else "audio", meta={}, preview=None)
    facts = probe_streams(path)
    streams = {stream.get("codec_type"): stream for stream in reversed(facts["streams"])}
    audio, video = streams.get("audio"), streams.get("video")
    if audio is None and (video is None or not video_expected):
        raise UnreadableError("no audio or video in it")
    duration = float(facts["format"].get("duration", 0))
    original: dict[str, Any] = {"duration": duration}
    if "bit_rate" in facts["format"]:
        original["bitrate"] = int(facts["format"]["bit_rate"])
    meta: dict[str, Any] = {"length": clock(duration), "duration": duration, "original": original}
    if audio is not None:
        meta["audio_encode"] = audio.get("codec_name")
    if not video_expected or video is None:
        return Inspection(type="audio", meta=meta, preview=None)
    size = geometry(int(video["width"]), int(video["height"]))
    meta |= size
    original |= {"width": size["width"], "height": size["height"]}
    original["frame_rate"] = video.get("r_frame_rate")
    preview = first_frame(path)
    if preview is not None:
        with Image.open(preview) as image:
            meta["small"] = geometry(*image.size)
    return Inspection(type="gifv" if audio is None else "video", meta=meta, preview=preview)


def probe_streams(path: Path) -> dict[str, Any]:
    """ffprobe's account of a file: ``format`` and ``streams``."""
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TOOL_SECONDS, check=True)
        facts: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise UnreadableError(str(error)) from error
    if not facts.get("streams") or "format" not in facts:
        raise UnreadableError("no streams in it")
    return facts


def first_frame(path: Path) -> Path | None:
    """A picture of a video's start; None when ffmpeg is missing or finds none."""
    if tool("ffmpeg") is None:
        return None
    preview = path.with_suffix(".small.png")
    scale = "scale=w='min(640,iw)':h='min(360,ih)':force_original_aspect_ratio=decrease"
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(path), "-frames:v", "1", "-vf", scale]
    try:
        subprocess.run(
            [*command, str(preview)], stdin=subprocess.DEVNULL, timeout=TOOL_SECONDS, check=True
        )
    except subprocess.SubprocessError:
        return None
    return preview if preview.exists() else None


@cache
def tool(name: str) -> str | None:
    """Where a program is installed, or None."""
    return shutil.which(name)


def geometry(width: int, height: int) -> dict[str, Any]:
    """Mastodon's measures of a picture, in pixels."""
    return {
        "width": width,
        "height": height,
        "size": f"{width}x{height}",
        "aspect": width / height,
    }


def clock(seconds: float) -> str:
    """A duration as ``0:01:02.50``."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{int(hours)}:{int(minutes):02d}:{rest:05.2f}"
