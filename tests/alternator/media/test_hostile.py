"""The whole room on files that were made to have a decoder open other files, or ask other machines.

Each is tried with everything that is asked of ffmpeg, and where it would lead there is something
that notices.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from alternator.errors import MediaError
from alternator.media import audio_command, child
from alternator.media.audio import decode
from alternator.media.confined.standing import Standing, standing_of
from alternator.media.ffmpeg import find_ffmpeg
from alternator.media.picture import views_of
from alternator.media.silence import is_silent
from alternator.media.sound_tags import Tags, tags_of
from alternator.media.video_frames import frames_of_video

pytestmark = [
    pytest.mark.threat("T3"),
    pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed"),
]

SECRET = "secret.wav"
# {file}: a sound that nobody named; {url}: the same, on a server.
FILES = {
    "a playlist of HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:5,\n{file}\n#EXT-X-ENDLIST\n",
    "one of the web": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:5,\n{url}\n#EXT-X-ENDLIST\n",
    "one with a key": (
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n"
        '#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n#EXTINF:5,\n{file}\n#EXT-X-ENDLIST\n'
    ),
    "one with a header file": (
        '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-MAP:URI="concat:{url}|file:{file}"\n'
        "#EXTINF:5,\n{file}\n#EXT-X-ENDLIST\n"
    ),
    "an ffconcat script": "ffconcat version 1.0\nfile '{file}'\n",
    "one of the web's": "ffconcat version 1.0\nfile '{url}'\n",
    "a pls": "[playlist]\nFile1={url}\nLength1=9\nNumberOfEntries=1\nVersion=2\n",
    "an sdp": (
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"
    ),
    "an xspf": (
        '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>'
        "<track><location>{url}</location></track></trackList></playlist>\n"
    ),
    "a cue": 'FILE "{file}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
    "a dash manifest": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT5S"><Period><AdaptationSet mimeType="audio/wav">'
        "<Representation id='0' bandwidth='1'><BaseURL>{url}</BaseURL></Representation>"
        "</AdaptationSet></Period></MPD>\n"
    ),
    "a smil": '<smil><body><audio src="{url}"/></body></smil>\n',
    "an asx": '<asx version="3.0"><entry><ref href="{url}"/></entry></asx>\n',
    "a redirect of rtsp": "[Reference]\nRef1={url}\n",
    "an address alone": "{url}\n",
    "a filter": "amovie={file},asetpts=N/SR/TB\n",
    "subtitles with a picture": "[Script Info]\n; x\n[Fonts]\nfontname: {file}\n",
}


@pytest.fixture
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server's address, and what it was asked for."""
    asked: list[str] = []

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Noting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{SECRET}", asked
        server.shutdown()


@pytest.fixture
def secret(tmp_path: Path, make_media: Callable[..., Path]) -> Path:
    """A second of a tone that nobody is to hear."""
    tone = make_media("tone.wav", "-f", "lavfi", "-i", "sine=440:duration=1")
    return Path(shutil.copy(tone, tmp_path / SECRET))


def nothing_comes_of(path: Path, folder: Path) -> None:
    """Whatever may be asked of a file is asked of this one."""
    with pytest.raises(MediaError):
        decode(path)
    with pytest.raises(MediaError):
        frames_of_video(path, None, 512, folder)
    with pytest.raises(MediaError):
        views_of(path, 512)
    assert is_silent(path)
    assert tags_of(path) == Tags()


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> None:
    """ffmpeg's own options have to do alone, as where the kernel holds nobody."""
    alone = Standing(seccomp="it is tried without", landlock="it is tried without")
    monkeypatch.setattr(child, "standing_of", lambda program: alone)


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize("kind", FILES)
def test_a_file_leads_nowhere(
    kind: str, tmp_path: Path, secret: Path, listening: tuple[str, list[str]]
):
    url, asked = listening
    # By the path, and by the name alone, as in the folder where both lie.
    for number, target in enumerate((str(secret), SECRET)):
        path = tmp_path / f"speech-{number}.mp3"
        path.write_text(FILES[kind].format(file=target, url=url))
        nothing_comes_of(path, tmp_path)
    assert asked == []


@pytest.mark.threat("T5")
def test_nor_does_it_where_ffmpeg_would_go_along(
    tmp_path: Path,
    secret: Path,
    listening: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
):
    """The other way round: without ffmpeg's options the kernel has to do alone."""
    if not all(standing_of(find_ffmpeg()).held.__dict__.values()):
        pytest.skip(f"not confined here: {standing_of(find_ffmpeg()).in_words()}")
    url, asked = listening
    everything = ("-protocol_whitelist", "file,http,tcp,crypto", "-safe", "0", "-f", "concat")
    monkeypatch.setattr(audio_command, "GUARDS", everything)
    for kind in ("an ffconcat script", "one of the web's"):
        path = tmp_path / "speech.mp3"
        path.write_text(FILES[kind].format(file=secret, url=url))
        with pytest.raises(MediaError):
            decode(path)
        assert asked == []
    # It would have gone along, or this shows nothing.
    alone = Standing(seccomp="it is tried without", landlock="it is tried without")
    monkeypatch.setattr(child, "standing_of", lambda program: alone)
    with pytest.raises(MediaError):
        decode(path)
    assert asked == [f"/{SECRET}"]
    path.write_text(FILES["an ffconcat script"].format(file=secret))
    assert len(decode(path).samples) > 15_000


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize(
    "name",
    [
        "concat:{file}|{file}",
        "subfile,,start,0,end,9,,:{file}",
        "crypto:{file}",
        "data:audio,UklGRg",
        "pipe:0",
        "{url}",
        "-i {file}",
        "%d{file}",
        "lavfi:amovie={file}",
    ],
)
def test_a_name_is_a_files_name_and_no_protocol(
    name: str, tmp_path: Path, listening: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
):
    """What a file is called is never read as an address or an option, also where it is there."""
    url, asked = listening
    monkeypatch.chdir(tmp_path)
    called = name.format(file=SECRET, url=url.replace("/", "_"))
    Path(called).write_text("no sound at all, but a name\n" * 9)
    nothing_comes_of(Path(called), tmp_path)
    assert asked == []


@pytest.mark.threat("T4")
@pytest.mark.parametrize("announced", [0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_that_is_announced_takes_no_memory_and_no_time(
    announced: int, secret: Path, tmp_path: Path
):
    """A container that says it holds gigabytes, and does not."""
    content = bytearray(secret.read_bytes())
    place = content.index(b"data") + 4
    content[4:8] = content[place : place + 4] = announced.to_bytes(4, "little")
    path = tmp_path / "speech.wav"
    path.write_bytes(content)
    assert abs(len(decode(path).samples) - 16_000) < 400
