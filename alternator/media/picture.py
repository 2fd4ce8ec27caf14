"""Makes a picture ready for a vision model: upright, small enough, one frame, no transparency."""

import io
import subprocess
import warnings
from pathlib import Path

from PIL import Image, ImageOps

from alternator.errors import DecoderError, MediaError

JPEG_QUALITY = 85
# A picture of this many pixels takes 4 bytes for each while it is worked on: about 700 MB.
MOST_PIXELS = 178_956_970  # the number at which Pillow speaks of a decompression bomb
FRAME_TIMEOUT_SECONDS = 60.0
FRAME_MOST_BYTES = 64 * 1024 * 1024


def jpeg_of_picture(path: Path, longest_side: int) -> bytes:
    """A JPEG of the picture, at most ``longest_side`` pixels wide and high.

    EXIF orientation is applied and no metadata is kept: where a picture was taken is nothing
    that a vision service need know. Of an animation the middle frame is taken, since the first is
    often blank. MediaError for what can't be decoded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                frames = getattr(image, "n_frames", 1)
                if frames > 1:
                    image.seek(frames // 2)
                # For JPEG this decodes at a fraction of the size; does nothing for the rest.
                image.draft("RGB", (longest_side, longest_side))
                upright = ImageOps.exif_transpose(image)
                upright.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
                return encode(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise MediaError(
            f"the picture has more than {MOST_PIXELS // 10**6} million pixels"
        ) from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        # Pillow's plug-ins raise all of these for damaged files.
        raise MediaError(f"the picture can't be decoded ({type(error).__name__})") from None


def encode(image: Image.Image) -> bytes:
    """The image as JPEG, transparent parts on white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        colours = image.convert("RGBA")
        page = Image.new("RGBA", colours.size, "white")
        image = Image.alpha_composite(page, colours)
    output = io.BytesIO()
    image.convert("RGB").save(output, "JPEG", quality=JPEG_QUALITY)
    return output.getvalue()


def middle_frame(path: Path, duration: float | None, target: Path) -> None:
    """Write a frame from the middle of a video to ``target`` as PNG.

    ``duration`` is in seconds; without it the first frame is taken. ffmpeg runs as a child that
    is bounded in time and may read nothing but the file. MediaError if it gets no frame,
    DecoderError if there is no ffmpeg.
    """
    seek = ["-ss", f"{duration / 2:.3f}"] if duration else []
    command = [
        "ffmpeg",
        *("-nostdin", "-loglevel", "error", "-protocol_whitelist", "file"),
        *seek,
        *("-i", str(path), "-frames:v", "1", "-f", "image2", "-c:v", "png"),
        *("-fs", str(FRAME_MOST_BYTES), "-y", str(target)),
    ]
    try:
        subprocess.run(
            command, check=True, capture_output=True, timeout=FRAME_TIMEOUT_SECONDS, text=True
        )
    except FileNotFoundError:
        raise DecoderError("ffmpeg is not installed; install it to have videos described") from None
    except subprocess.TimeoutExpired:
        raise MediaError(
            f"no frame of the video was found within {FRAME_TIMEOUT_SECONDS:.0f} s"
        ) from None
    except subprocess.CalledProcessError:
        raise MediaError("the video can't be decoded") from None
    if not target.exists() or target.stat().st_size == 0:
        raise MediaError("the video has no picture to describe")
