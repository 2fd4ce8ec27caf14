"""Real downloads from a real server that behaves in all the ways that servers do."""

import gzip
import resource
import signal
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from alternator.config.settings import MediaSettings
from alternator.errors import DamagedMediaError, MediaError, TemporaryMediaError, UnsureError
from alternator.media.download import MOST_REDIRECTS, Downloads, remove_leftovers, shown
from alternator.media.media_type import Kind
from alternator.progress import SILENT, Progress
from alternator.web.body import CHUNK_BYTES

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
MIB = 1024 * 1024
INSTEAD = {
    "page": b"<!DOCTYPE html><title>Sign in</title>",
    "json": b'{"error": "Record not found"}',
    "blank_page": b"\xef\xbb\xbf\r\n  <html>",
    "blanks": b" \r\n ",
    "svg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
    "words": b"upstream connect error",
    "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:5,\nfile:///etc/passwd\n",
    "pdf": b"%PDF-1.7",
}


class Files(BaseHTTPRequestHandler):
    """A server of files that behave in one way or another, by their path."""

    asked: list[dict[str, str]]

    def do_GET(self) -> None:
        self.asked.append(dict(self.headers))
        address = urlsplit(self.path)
        send = getattr(self, f"send_{address.path.strip('/')}", None)
        if send is None:
            self.send_error(404)
        else:
            send()

    def begin(self, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send_png(self) -> None:
        self.begin(Content_Length=str(len(PNG)), Content_Type="text/html")
        self.wfile.write(PNG)

    def send_text(self) -> None:
        self.begin(Content_Type="image/png")
        self.wfile.write(INSTEAD[urlsplit(self.path).query])

    def send_bomb(self) -> None:
        packed = gzip.compress(bytes(50 * MIB))
        self.begin(Content_Length=str(len(packed)), Content_Encoding="gzip")
        self.wfile.write(packed)

    def send_endless(self) -> None:
        self.begin()
        while True:
            self.wfile.write(PNG.ljust(64 * 1024, b"x"))

    def send_trickling_header(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _ in range(200):
            self.wfile.write(b"a")
            self.wfile.flush()
            time.sleep(0.1)

    def send_around(self) -> None:
        left = int(urlsplit(self.path).query)
        self.send_response(302)
        self.send_header("Location", f"/around?{left - 1}" if left else "/png")
        self.send_header("Set-Cookie", "session=1")
        self.end_headers()

    def send_announced_large(self) -> None:
        self.begin(Content_Length=str(3 * MIB))

    def send_large(self) -> None:
        self.begin()
        for _ in range(3 * 16):
            self.wfile.write(PNG.ljust(64 * 1024, b"x"))

    def send_slow(self) -> None:
        self.begin()
        for _ in range(100):
            self.wfile.write(PNG)
            self.wfile.flush()
            time.sleep(0.1)

    def send_empty(self) -> None:
        self.begin(Content_Length="0")

    def send_short(self) -> None:
        self.begin(Content_Length="1000")
        self.wfile.write(PNG)

    def send_elsewhere(self) -> None:
        self.send_response(302)
        self.send_header("Location", urlsplit(self.path).query)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Clients here hang up in the middle, and that is meant."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def files() -> Iterator[str]:
    Files.asked = []
    with Server(("127.0.0.1", 0), Files) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


# size: what a download consists of.
def fetch(
    url: str,
    folder: Path,
    *,
    kind: Kind = "image",
    settings: MediaSettings | None = None,
    own_url: str = "http://127.0.0.1",
    progress: Progress = SILENT,
) -> bytes:
    settings = settings or MediaSettings(max_size_mb=1)
    downloads = Downloads(settings, folder, own_url, progress=progress)
    with downloads.file(url, kind) as path:
        assert path.parent == folder
        content = path.read_bytes()
    assert not path.exists()
    return content


def refusal(url: str, folder: Path, **options: Any) -> MediaError:
    with pytest.raises(MediaError) as caught:
        fetch(url, folder, **options)
    assert list(folder.iterdir()) == []
    return caught.value


def test_a_file_is_fetched_and_deleted_afterwards(files: str, tmp_path: Path):
    assert fetch(f"{files}/png", tmp_path) == PNG


@pytest.mark.parametrize("what", ["page", "json", "blank_page", "blanks"])
def test_a_page_or_a_message_instead_may_pass(files: str, tmp_path: Path, what: str):
    error = refusal(f"{files}/text?{what}", tmp_path)
    assert isinstance(error, TemporaryMediaError)


@pytest.mark.parametrize("what", ["words", "playlist", "pdf"])
def test_what_is_no_media_is_believed_when_it_comes_again(files: str, tmp_path: Path, what: str):
    error = refusal(f"{files}/text?{what}", tmp_path)
    assert isinstance(error, DamagedMediaError)
    assert str(error).startswith("it is no picture, audio or video file (it starts with ")


def test_a_drawing_by_program_is_not_taken_on(files: str, tmp_path: Path):
    error = refusal(f"{files}/text?svg", tmp_path)
    assert isinstance(error, UnsureError)
    assert str(error) == "it is an SVG drawing, which is not taken on"


@pytest.mark.parametrize("path", ["announced_large", "large", "endless", "bomb"])
def test_a_file_that_is_too_large_is_refused(files: str, tmp_path: Path, path: str):
    error = refusal(f"{files}/{path}", tmp_path)
    assert isinstance(error, UnsureError)
    assert str(error) == (
        "it is larger than 1 MB; [media] max_size_mb, max_audio_size_mb and max_video_size_mb "
        "set the limits"
    )


def test_the_limit_is_that_of_the_kind(files: str, tmp_path: Path):
    settings = MediaSettings(max_size_mb=1, max_audio_size_mb=2, max_video_size_mb=9)
    assert "larger than 2 MB" in str(
        refusal(f"{files}/large", tmp_path, kind="audio", settings=settings)
    )
    # Large enough for a video, but it is none.
    settings = MediaSettings(max_video_size_mb=9, supported_formats=("video/mp4",))
    error = refusal(f"{files}/large", tmp_path, kind="video", settings=settings)
    assert str(error) == "image/png is not among [media] supported_formats"


def test_a_type_that_is_not_wanted_is_refused(files: str, tmp_path: Path):
    settings = MediaSettings(supported_formats=("image/jpeg",))
    error = refusal(f"{files}/png", tmp_path, settings=settings)
    assert str(error) == "image/png is not among [media] supported_formats"


@pytest.mark.parametrize("path", ["nowhere", "empty", "short"])
def test_what_does_not_arrive_may_arrive_later(files: str, tmp_path: Path, path: str):
    assert isinstance(refusal(f"{files}/{path}", tmp_path), TemporaryMediaError)


@pytest.mark.parametrize("path", ["slow", "trickling_header"])
def test_a_download_is_bounded_in_time(files: str, tmp_path: Path, path: str):
    started = time.monotonic()
    settings = MediaSettings(download_timeout_seconds=1)
    error = refusal(f"{files}/{path}", tmp_path, settings=settings)
    assert isinstance(error, TemporaryMediaError)
    assert time.monotonic() - started < 8


def test_an_unreachable_server_is_a_passing_failure(tmp_path: Path):
    assert isinstance(refusal("http://127.0.0.1:1/x", tmp_path), TemporaryMediaError)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "/etc/passwd"])
def test_only_the_web_is_fetched_from(url: str, tmp_path: Path):
    error = refusal(url, tmp_path)
    assert isinstance(error, UnsureError)
    assert "not with http or https" in str(error)


def test_an_address_that_is_none_is_no_defect_of_ours(files: str, tmp_path: Path):
    assert isinstance(refusal("http://[bad/x", tmp_path), UnsureError)
    assert isinstance(refusal("http://host:99999999/x", tmp_path), TemporaryMediaError)
    assert isinstance(refusal(f"{files}/elsewhere?http://[bad/x", tmp_path), TemporaryMediaError)


def test_a_redirect_is_followed_but_not_to_local_files(files: str, tmp_path: Path):
    assert fetch(f"{files}/elsewhere?{files}/png", tmp_path) == PNG
    # A file that would be taken on, were it fetched.
    local = tmp_path / "local" / "picture.png"
    local.parent.mkdir()
    local.write_bytes(PNG)
    downloads = tmp_path / "downloads"
    error = refusal(f"{files}/elsewhere?{local.as_uri()}", downloads)
    assert "can't be fetched: the connection failed" in str(error)


def test_redirects_are_counted(files: str, tmp_path: Path):
    assert fetch(f"{files}/around?{MOST_REDIRECTS - 1}", tmp_path) == PNG
    error = refusal(f"{files}/around?{MOST_REDIRECTS}", tmp_path)
    assert isinstance(error, TemporaryMediaError)
    assert str(error) == f"{files}/around leads elsewhere without an end"


def test_neither_a_token_nor_a_cookie_goes_with_it(files: str, tmp_path: Path):
    Files.asked.clear()
    fetch(f"{files}/around?2", tmp_path)
    assert len(Files.asked) == 4
    for headers in Files.asked:
        assert headers["User-Agent"] == "alternator"
        assert not {"Cookie", "Authorization", "Referer"} & set(headers)


@pytest.mark.parametrize("path", ["png", "around?1", "nowhere"])
def test_inner_networks_are_for_servers_that_are_there(files: str, tmp_path: Path, path: str):
    Files.asked.clear()
    error = refusal(f"{files}/{path}", tmp_path, own_url="https://8.8.8.8")
    assert isinstance(error, UnsureError)
    assert "leads into a private network" in str(error)
    assert Files.asked == []  # not even asked


def test_a_key_in_an_address_is_not_logged(files: str, tmp_path: Path):
    error = refusal(f"{files}/nowhere?X-Amz-Signature=secret", tmp_path)
    assert str(error) == f"{files}/nowhere answers HTTP 404"
    assert (
        shown("https://name:secret@social.example:8/a?b=secret#c") == "https://social.example:8/a"
    )


def test_a_full_disk_is_a_passing_failure(files: str, tmp_path: Path):
    # A process may not write files of more than 512 KiB here; the server's has three times that.
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512 * 1024, old[1]))
    try:
        error = refusal(f"{files}/large", tmp_path, settings=MediaSettings(max_size_mb=9))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, ignored)
    assert isinstance(error, TemporaryMediaError)
    assert str(error) == (
        "it can't be kept on this machine (File too large); see to the disk of [state] directory"
    )


class Beats(Progress):
    """Counts the signs of life."""

    count = 0

    def beat(self) -> None:
        self.count += 1


def test_a_download_shows_that_it_is_alive(files: str, tmp_path: Path):
    beats = Beats()
    settings = MediaSettings(max_size_mb=4)
    fetch(f"{files}/large", tmp_path, settings=settings, progress=beats)
    assert beats.count >= 3 * MIB // CHUNK_BYTES  # one for each piece, and none is larger


def test_leftovers_of_a_crash_are_removed(tmp_path: Path):
    (tmp_path / "attachment-abc").write_bytes(PNG)
    (tmp_path / "other").write_bytes(PNG)
    (tmp_path / "attachment-frames").mkdir()
    (tmp_path / "attachment-frames" / "frame-1.png").write_bytes(PNG)
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    remove_leftovers(tmp_path / "missing")
