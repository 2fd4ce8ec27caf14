"""What is in an uploaded file: its measures, and a small preview of it.

Files are kept as they came. (Mastodon re-encodes them and strips metadata; other servers with the
same API don't, so the sandbox shows a client the harder case: any codec, pictures with EXIF.)
ffmpeg and ffprobe are used where they are installed; without them audio and video are accepted by
their type alone, with no duration and no preview.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NotRequired, TypedDict

from PIL import Image, ImageOps, UnidentifiedImageError

from sandbox.model.entities import AttachmentType, Geometry, MediaMeta, OriginalMeta

TOOL_SECONDS = 30.0
# The "small" style of pictures:
# https://github.com/mastodon/mastodon/blob/v4.4.8/app/models/media_attachment.rb
PREVIEW_PIXELS = 640 * 360


class UnreadableError(Exception):
    """The file is not what its media type says."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was found in a file. ``meta`` is Mastodon's; sizes in pixels, durations in seconds."""

    type: AttachmentType
    meta: MediaMeta
    preview: Path | None


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
    meta: MediaMeta = {
        "original": {
            "width": original["width"],
            "height": original["height"],
            "size": original["size"],
            "aspect": original["aspect"],
        },
        "small": geometry(*small.size),
    }
    return Inspection(type="gifv" if animated else "image", meta=meta, preview=preview)


def inspect_audio_or_video(path: Path, media_type: str) -> Inspection:
    """Measure a clip. A video without sound is a ``gifv``, as on Mastodon:

    https://github.com/mastodon/mastodon/blob/v4.4.8/lib/paperclip/transcoder.rb
    """
    video_expected = media_type.startswith("video/")
    if tool("ffprobe") is None:
        return Inspection(type="video" if video_expected else "audio", meta={}, preview=None)
    facts = probe_streams(path)
    audio, video = facts.first("audio"), facts.first("video")
    if audio is None and (video is None or not video_expected):
        raise UnreadableError("no audio or video in it")
    original: OriginalMeta = {"duration": facts.duration}
    if facts.bit_rate is not None:
        original["bitrate"] = facts.bit_rate
    meta: MediaMeta = {
        "length": clock(facts.duration),
        "duration": facts.duration,
        "original": original,
    }
    if audio is not None:
        meta["audio_encode"] = audio.codec
    if not video_expected or video is None:
        return Inspection(type="audio", meta=meta, preview=None)
    size = geometry(video.width, video.height)
    meta["width"], meta["height"] = size["width"], size["height"]
    meta["size"], meta["aspect"] = size["size"], size["aspect"]
    original["width"], original["height"] = size["width"], size["height"]
    original["frame_rate"] = video.frame_rate
    preview = first_frame(path)
    if preview is not None:
        with Image.open(preview) as image:
            meta["small"] = geometry(*image.size)
    return Inspection(type="gifv" if audio is None else "video", meta=meta, preview=preview)


@dataclass(frozen=True, kw_only=True)
class ProbedStream:
    """One stream of a file; sizes in pixels, 0 for sound."""

    kind: str  # "audio", "video", …
    codec: str | None
    width: int
    height: int
    frame_rate: str | None


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What ffprobe found in a file; the bit rate in bits a second, None where unknown."""

    duration: float  # seconds
    bit_rate: int | None
    streams: tuple[ProbedStream, ...]

    def first(self, kind: str) -> ProbedStream | None:
        """The first stream of a kind."""
        return next((stream for stream in self.streams if stream.kind == kind), None)


class FormatJson(TypedDict):
    """``format`` of ffprobe's JSON: https://ffmpeg.org/ffprobe.html#json."""

    duration: NotRequired[str]
    bit_rate: NotRequired[str]


class StreamJson(TypedDict):
    """One of ``streams`` of ffprobe's JSON."""

    codec_type: NotRequired[str]
    codec_name: NotRequired[str]
    width: NotRequired[int]
    height: NotRequired[int]
    r_frame_rate: NotRequired[str]


def probe_streams(path: Path) -> Probed:
    """What ffprobe finds in a file. Raises ``UnreadableError`` when it finds nothing."""
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TOOL_SECONDS, check=True)
        facts = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise UnreadableError(str(error)) from error
    if not facts.get("streams") or "format" not in facts:
        raise UnreadableError("no streams in it")
    return probed(facts["format"], facts["streams"])


def probed(container: FormatJson, streams: list[StreamJson]) -> Probed:
    """ffprobe's JSON with types of its own."""
    bit_rate = container.get("bit_rate")
    return Probed(
        duration=float(container.get("duration", 0)),
        bit_rate=None if bit_rate is None else int(bit_rate),
        streams=tuple(
            ProbedStream(
                kind=stream.get("codec_type", ""),
                codec=stream.get("codec_name"),
                width=stream.get("width", 0),
                height=stream.get("height", 0),
                frame_rate=stream.get("r_frame_rate"),
            )
            for stream in streams
        ),
    )


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


def geometry(width: int, height: int) -> Geometry:
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
