"""ffmpeg's log as it comes, of several of its versions."""

import io

import pytest

from alternator.media.audio_log import ERRORS_KEPT, Log, Track

# Of ffmpeg 5.1 and, for the lines that differ, 7.1.
FIVE = b"""[info] Input #0, matroska,webm, from 'off.mkv':
[info]   Metadata:
[info]     title           :   Stream #0:7: Audio: aac
[info]   Duration: 01:00:22.13, start: 0.000000, bitrate: 120 kb/s
[info]   Stream #0:0: Video: h264 (High), yuv444p(tv), 64x64, 5 fps
[info]   Stream #0:1(eng): Audio: aac, 22050 Hz, mono, fltp
[info]   Stream #0:2[0x2](ger): Audio: pcm_f32le ([3][0][0][0] / 0x0003), 22050 Hz, 7.1 (default)
[info] Stream mapping:
[info]   Stream #0:1 -> #0:0 (aac (native) -> pcm_s16le (native))
[info] Output #0, s16le, to 'pipe:1':
[info]   Stream #0:0(eng): Audio: pcm_s16le, 16000 Hz, 7.1, s16, 2048 kb/s (default)
[matroska,webm @ 0x55d] [error] File ended prematurely
[aac @ 0x55e] [warning] Packet corrupt (stream = 0, dts = 5).
"""
SEVEN = FIVE.replace(b"22050 Hz, mono, fltp", b"22050 Hz, 1 channels, fltp").replace(
    b"[matroska,webm @ 0x55d]", b"[aist#0:1/aac @ 0x55d] [dec:aac @ 0x55f]"
)


@pytest.mark.parametrize("text", [FIVE, SEVEN])
def test_what_matters_is_kept(text: bytes) -> None:
    log = Log(io.BytesIO(text))
    assert log.known.wait(10)
    log.finish()
    assert log.tracks == [
        Track(codec="aac", default=False, mono=True),
        Track(codec="pcm_f32le", default=True, mono=False),
    ]
    assert (log.opened, log.format, log.duration_seconds) == (True, "matroska,webm", 3622.13)
    assert (log.channels, log.errors, log.short_packets) == (8, ["File ended prematurely"], True)


def test_it_is_known_at_the_end_at_the_latest() -> None:
    log = Log(io.BytesIO(b"[error] x: Invalid data found when processing input\n"))
    assert log.known.wait(10)
    log.finish()
    assert not log.opened and log.errors


def test_a_flood_is_not_kept() -> None:
    log = Log(io.BytesIO(b"[error] again and again\n" * 100_000 + b"[error] " + b"x" * 10_000_000))
    log.finish()
    assert len(log.errors) == ERRORS_KEPT
