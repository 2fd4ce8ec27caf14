"""A wheel's directory, by path and by address, and what of it would go."""

import http.server
import re
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import rocm_size

FILES = {
    "torch/lib/librccl.so": 3_000_000,
    "torch/lib/librocsolver.so.0": 5_000_000,
    "torch/lib/rocblas/library/Kernels_gfx90a.co": 2_000_000,
    "torch/version.py": 1_000,
}
TABLE = """\
would go                                               8
  rocSOLVER, MAGMA: torch.linalg (cuSOLVER)            5
  RCCL: several GPUs (NCCL)                            3
stays                                                  2
  rocBLAS                                              2
all other files                                        0
the wheel, as far as listed                           10"""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "torch-2+rocm7.2.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, size in FILES.items():
            archive.writestr(name, bytes(size))
    return path


def test_the_table(wheel: Path) -> None:
    assert rocm_size.directory(str(wheel)) == FILES
    assert list(rocm_size.table(FILES)) == TABLE.splitlines()


@contextmanager
def serving(content: bytes) -> Iterator[tuple[str, list[int]]]:
    """A server of one file in parts: its address, and the bytes of each answer."""
    sent: list[int] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()

        def do_GET(self) -> None:
            first, last = re.findall(r"\d+", self.headers["Range"])
            part = content[int(first) : int(last) + 1]
            sent.append(len(part))
            self.send_response(206)
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part)

        def log_message(self, format: str, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/torch.whl", sent
        finally:
            server.shutdown()
            thread.join()


def test_of_an_address_only_the_directory_is_fetched(wheel: Path) -> None:
    with serving(b"x" * 10_000_000 + wheel.read_bytes()) as (address, sent):
        assert rocm_size.directory(address) == FILES
    assert sum(sent) < 1_000_000


def test_the_published_listing_says_where_it_is_from() -> None:
    listing = tomllib.loads(rocm_size.LISTING.read_text())
    assert listing["source"].startswith("https://")
    named = {name for name, size in listing["files"].items() if size < 1_000_000}
    assert not named
