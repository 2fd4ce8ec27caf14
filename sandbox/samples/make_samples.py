"""Makes the media of the sample posts: ``python -m sandbox.samples.make_samples [FOLDER]``.

Speech is espeak-ng's default voice at 160 words a minute, the one that the small Whisper checkpoint
knows best; ffmpeg encodes it; the pictures are drawn. Run it again after a change of
``samples.toml`` or of the drawings, and commit the files.
"""

import argparse
import subprocess
import tempfile
import wave
from pathlib import Path

from PIL import ExifTags, Image

from sandbox.samples import drawings
from sandbox.samples.samples import MEDIA, SampleAttachment, load_samples

VOICES = {"en": "en-us", "de": "de", "fr": "fr"}
WORDS_PER_MINUTE = 160
PAUSE_SECONDS = 0.6  # between two phrases
TOOL_SECONDS = 60.0
# ffmpeg's options by file suffix.
ENCODERS = {
    ".mp3": ("-c:a", "libmp3lame", "-b:a", "64k"),
    ".opus": ("-c:a", "libopus", "-b:a", "32k"),
    ".m4a": ("-c:a", "aac", "-b:a", "64k"),
}
VIDEO_SIZE = (640, 360)  # pixels
# EXIF's orientation 6: the camera was held upright, so a viewer turns the stored picture by 90
# degrees clockwise.
TURN_CLOCKWISE = 6


def main(argv: list[str] | None = None) -> int:
    """Make all files."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.samples.make_samples", description=main.__doc__
    )
    parser.add_argument("folder", type=Path, nargs="?", default=MEDIA)
    folder: Path = parser.parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    for sample in load_samples():
        for attachment in sample.attachments:
            make(attachment, folder / attachment.file)
            print(f"{(folder / attachment.file).stat().st_size:>8} bytes  {attachment.file}")
    return 0


def make(attachment: SampleAttachment, target: Path) -> None:
    """Make one file."""
    if attachment.phrases:
        speech_file(attachment, target)
    elif attachment.file == "house.jpg":
        drawings.house(1024, 683).save(target, quality=85)
    elif attachment.file == "sunset.png":
        drawings.sunset(640, 480).quantize(64).save(target, optimize=True)
    elif attachment.file == "lighthouse.jpg":
        save_sideways(drawings.lighthouse(1800, 2400), target)
    else:
        raise ValueError(f"samples.toml names {attachment.file}, which nothing here draws")


def save_sideways(upright: Image.Image, target: Path) -> None:
    """Save a picture as a phone does: lying on its side, with an EXIF note that turns it."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = TURN_CLOCKWISE
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    lying.save(target, quality=70, exif=exif)


def speech_file(attachment: SampleAttachment, target: Path) -> None:
    """Speak the phrases, with pauses between them, into an audio file or over a picture."""
    with tempfile.TemporaryDirectory() as scratch:
        speech = speak(attachment, Path(scratch))
        if target.suffix == ".mp4":
            picture = Path(scratch) / "picture.png"
            drawings.boat(*VIDEO_SIZE).save(picture)
            encode_video(picture, speech, target)
        else:
            encode(["-i", str(speech), *ENCODERS[target.suffix]], target)


def speak(attachment: SampleAttachment, folder: Path) -> Path:
    """A WAV file with the spoken phrases."""
    voice = VOICES[attachment.language or ""]
    parts: list[str] = []
    for number, phrase in enumerate(attachment.phrases):
        wav = folder / f"{number}.wav"
        call("espeak-ng", "-v", voice, "-s", str(WORDS_PER_MINUTE), "-w", str(wav), phrase)
        parts += ["-i", str(wav)]
    count = len(attachment.phrases)
    padded = [f"[{n}:a]apad=pad_dur={PAUSE_SECONDS}[p{n}]" for n in range(count)]
    joined = "".join(f"[p{n}]" for n in range(count)) + f"concat=n={count}:v=0:a=1[out]"
    speech = folder / "speech.wav"
    encode([*parts, "-filter_complex", ";".join([*padded, joined]), "-map", "[out]"], speech)
    return speech


def encode_video(picture: Path, speech: Path, target: Path) -> None:
    """A still picture for as long as somebody speaks."""
    with wave.open(str(speech)) as spoken:
        seconds = spoken.getnframes() / spoken.getframerate()
    encode(
        [
            *("-loop", "1", "-framerate", "10", "-i", str(picture), "-i", str(speech)),
            *("-c:v", "libx264", "-tune", "stillimage", "-crf", "26", "-pix_fmt", "yuv420p"),
            *("-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart"),
            # -shortest would let the looped picture run on for some seconds.
            *("-t", f"{seconds:.2f}"),
        ],
        target,
    )


def encode(arguments: list[str], target: Path) -> None:
    """Run ffmpeg; the same input gives the same file, without dates and version notes."""
    call(
        *("ffmpeg", "-v", "error", "-nostdin", "-y", *arguments),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact", str(target)),
    )


def call(*command: str) -> None:
    """Run a program and wait for it."""
    subprocess.run(command, check=True, timeout=TOOL_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
