"""What may be read, what the images build, what is documented: one list. Each kind is tried."""

import re
from pathlib import Path

import numpy as np
import pytest
from media_kinds import NOT_MADE, PITCH, SECONDS, SOUNDS, VIDEOS, Kind, make_kind
from pictures import at, close
from PIL import Image

from alternator.config.settings import DEFAULT_FORMATS
from alternator.errors import DecoderError
from alternator.media.audio import SAMPLE_RATE, decode
from alternator.media.ffmpeg import FORMATS, GUARDS, find_ffmpeg
from alternator.media.media_type import HEAD_BYTES, canonical, media_type
from alternator.media.video_frames import frames_of_video

CHECKOUT = Path(__file__).parents[3]
# What opens the files or addresses that a file names.
# https://ffmpeg.org/ffmpeg-formats.html#Demuxers
OPENS_OTHERS = {
    "hls",
    "dash",
    "concat",
    "imf",
    "image2",
    "image2pipe",
    "sdp",
    "rtsp",
    "webm_dash_manifest",
}
# No first bytes tell these: they are read by their names, so not out of an attachment.
UNTOLD = (".gsm", ".g722")
# Demuxers go by one name when they are built and by others when they are asked.
# https://github.com/FFmpeg/FFmpeg/blob/master/libavformat/allformats.c
BUILT_AS = {"mpeg": "mpegps", "webm": "matroska"} | dict.fromkeys(
    ("mp4", "m4a", "3gp", "3g2", "mj2"), "mov"
)


def built(variable: str) -> set[str]:
    """A list in the script that builds the images' ffmpeg."""
    script = (CHECKOUT / "images/scripts/debian/build-ffmpeg.sh").read_text()
    lines = re.findall(rf"^{variable}=(?:\${variable},)?(\S+)$", script, re.MULTILINE)
    return {name for line in lines for name in line.split(",")}


def test_only_files_and_only_formats_that_hold_what_they_show():
    assert not OPENS_OTHERS & set(FORMATS.split(","))
    assert GUARDS == ("-protocol_whitelist", "file", "-format_whitelist", FORMATS)


def test_the_images_build_what_may_be_read():
    assert built("demuxers") == {BUILT_AS.get(name, name) for name in FORMATS.split(",")}


def test_every_decoder_that_the_images_build_is_tried_or_known_to_be_untried():
    decoders = built("audio") | built("samples") | built("video")
    tried = {kind.decoder for kind in (*SOUNDS, *VIDEOS)}
    assert tried <= decoders
    assert decoders >= NOT_MADE and not tried & NOT_MADE
    # The same decoder for other numbers, or a twin in whole numbers of one that is tried.
    rest = {name for name in decoders - tried - NOT_MADE if not name.startswith("pcm_")}
    assert rest == {"h263p", "mp2", "mp3"}


def test_the_table_in_the_docs_names_every_decoder():
    page = (CHECKOUT / "docs/media.md").read_text()
    decoders = built("audio") | built("samples") | built("video")
    missing = {name for name in decoders if not re.search(rf"\b{name}\b", page)}
    assert missing == set()


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert Path(find_ffmpeg()).name == "ffmpeg"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DecoderError, match="apt-get install ffmpeg"):
        find_ffmpeg()


@pytest.mark.parametrize("kind", SOUNDS, ids=lambda kind: kind.name)
def test_sound(kind: Kind, tmp_path: Path):
    sound = decode(make_kind(kind, tmp_path))
    assert len(sound.samples) / SAMPLE_RATE == pytest.approx(SECONDS, abs=kind.slack)
    assert sound.notes == ()
    if kind.tone:
        spectrum = np.abs(np.fft.rfft(sound.samples * np.hanning(len(sound.samples))))
        loudest = float(spectrum.argmax()) * SAMPLE_RATE / len(sound.samples)
        assert loudest == pytest.approx(PITCH, abs=8)


@pytest.mark.parametrize("kind", VIDEOS, ids=lambda kind: kind.name)
def test_frames(kind: Kind, tmp_path: Path):
    frames = frames_of_video(make_kind(kind, tmp_path), SECONDS, 256, tmp_path)
    with Image.open(frames[0]) as first:
        assert close(at(first, 0.5, 0.5), (254, 0, 0), 75)


@pytest.mark.parametrize("kind", [*SOUNDS, *VIDEOS], ids=lambda kind: kind.name)
def test_what_can_be_read_is_taken_on(kind: Kind, tmp_path: Path):
    """By its content, and by the configuration as it comes."""
    head = make_kind(kind, tmp_path).read_bytes()[:HEAD_BYTES]
    found = media_type(head, "audio" if kind in SOUNDS else "video")
    if kind.name.endswith(UNTOLD):
        assert found is None
    else:
        assert found in {canonical(name) for name in DEFAULT_FORMATS}
