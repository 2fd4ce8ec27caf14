from pathlib import Path

import pytest

from alternator.errors import DecoderError
from alternator.media.ffmpeg import FORMATS, GUARDS, find_ffmpeg

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


def test_only_files_and_only_formats_that_hold_what_they_show():
    assert not OPENS_OTHERS & set(FORMATS.split(","))
    assert GUARDS == ("-protocol_whitelist", "file", "-format_whitelist", FORMATS)


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert Path(find_ffmpeg()).name == "ffmpeg"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DecoderError, match="apt-get install ffmpeg"):
        find_ffmpeg()
