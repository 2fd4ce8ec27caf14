import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from alternator.config.settings import MediaSettings
from alternator.errors import MediaError, TemporaryMediaError
from alternator.media.download import downloaded, remove_leftovers
from alternator.media.media_type import Kind
from alternator.progress import Progress
from alternator.web.body import CHUNK_BYTES

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
MIB = 1024 * 1024


class Files(BaseHTTPRequestHandler):
    """A server of files that behave in one way or another, by their path."""

    def do_GET(self) -> None:
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

    def send_page(self) -> None:
        self.begin(Content_Type="image/png")
        self.wfile.write(b"<!DOCTYPE html><title>Not a picture</title>")

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


@pytest.fixture(scope="module")
def files() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def fetch(
    url: str, folder: Path, *, kind: Kind = "image", settings: MediaSettings | None = None
) -> bytes:
    with downloaded(url, kind, settings or MediaSettings(max_size_mb=1), folder) as path:
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


def test_the_content_counts_and_not_what_the_server_says_of_it(files: str, tmp_path: Path):
    error = refusal(f"{files}/page", tmp_path)
    assert not isinstance(error, TemporaryMediaError)
    assert str(error) == "it is no picture, audio or video file (it starts with '<!DOCTYPE ht')"


@pytest.mark.parametrize("path", ["announced_large", "large"])
def test_a_file_that_is_too_large_is_refused(files: str, tmp_path: Path, path: str):
    error = refusal(f"{files}/{path}", tmp_path)
    assert not isinstance(error, TemporaryMediaError)
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


def test_a_download_is_bounded_in_time(files: str, tmp_path: Path):
    started = time.monotonic()
    settings = MediaSettings(download_timeout_seconds=1)
    error = refusal(f"{files}/slow", tmp_path, settings=settings)
    assert isinstance(error, TemporaryMediaError)
    assert time.monotonic() - started < 8


def test_an_unreachable_server_is_a_passing_failure(tmp_path: Path):
    assert isinstance(refusal("http://127.0.0.1:1/x", tmp_path), TemporaryMediaError)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "/etc/passwd"])
def test_only_the_web_is_fetched_from(url: str, tmp_path: Path):
    assert "neither http nor https" in str(refusal(url, tmp_path))


def test_a_redirect_is_followed_but_not_to_local_files(files: str, tmp_path: Path):
    assert fetch(f"{files}/elsewhere?{files}/png", tmp_path) == PNG
    # A file that would be taken on, were it fetched.
    local = tmp_path / "local" / "picture.png"
    local.parent.mkdir()
    local.write_bytes(PNG)
    downloads = tmp_path / "downloads"
    error = refusal(f"{files}/elsewhere?{local.as_uri()}", downloads)
    assert "can't be fetched: the connection failed" in str(error)


class Beats(Progress):
    """Counts the signs of life."""

    count = 0

    def beat(self) -> None:
        self.count += 1


def test_a_download_shows_that_it_is_alive(files: str, tmp_path: Path):
    beats = Beats()
    settings = MediaSettings(max_size_mb=4)
    with downloaded(f"{files}/large", "image", settings, tmp_path, progress=beats):
        assert beats.count >= 3 * MIB // CHUNK_BYTES  # one for each piece, and none is larger


def test_leftovers_of_a_crash_are_removed(tmp_path: Path):
    (tmp_path / "attachment-abc").write_bytes(PNG)
    (tmp_path / "other").write_bytes(PNG)
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    remove_leftovers(tmp_path / "missing")
