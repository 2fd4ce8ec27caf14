"""A package index on loopback: its links, metadata beside a wheel, parts of a file."""

import io
from pathlib import Path
from urllib.error import HTTPError

import pytest
from parts_server import serving

from tools.package_index import (
    Link,
    RemoteFile,
    UnreachableError,
    UnreadableError,
    links_of,
    metadata_of,
)

PAGE = (
    "<html><body><a>no link</a>"
    '<a href="torch-1.0-py3-none-any.whl#sha256=00" data-core-metadata="sha256=11">x</a>'
    '<a href="/files/torch-2.0%2Bcpu-py3-none-any.whl" data-dist-info-metadata="true">x</a>'
    '<a href="https://files.invalid/torch-3.0-py3-none-any.whl">x</a>'
)


def test_the_links_of_a_page(tmp_path: Path) -> None:
    folder = tmp_path / "cpu" / "torch"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    with serving(tmp_path) as (address, _):
        assert links_of(address, "cpu") == [
            Link(
                name="torch-1.0-py3-none-any.whl",
                url=f"{address}/cpu/torch/torch-1.0-py3-none-any.whl",
                metadata=True,
            ),
            Link(
                name="torch-2.0+cpu-py3-none-any.whl",
                url=f"{address}/files/torch-2.0%2Bcpu-py3-none-any.whl",
                metadata=True,
            ),
            Link(
                name="torch-3.0-py3-none-any.whl",
                url="https://files.invalid/torch-3.0-py3-none-any.whl",
            ),
        ]
        assert links_of(address, "cu999") is None


def test_an_index_that_does_not_answer() -> None:
    with pytest.raises(UnreachableError, match="can't be reached"):
        links_of("http://127.0.0.1:1", "cpu")


def test_metadata_beside_a_wheel(tmp_path: Path) -> None:
    (tmp_path / "x.whl.metadata").write_text("Name: torch\n")
    with serving(tmp_path) as (address, _):
        assert metadata_of(Link(name="x.whl", url=f"{address}/x.whl", metadata=True)) == (
            "Name: torch\n"
        )
        with pytest.raises(UnreadableError, match="no metadata beside it"):
            metadata_of(Link(name="x.whl", url=f"{address}/x.whl"))
        with pytest.raises(UnreadableError, match=r"can.t be read \(File not found\)"):
            metadata_of(Link(name="y.whl", url=f"{address}/y.whl", metadata=True))


def test_only_what_is_read_is_fetched(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    (tmp_path / "file").write_bytes(content)
    with serving(tmp_path) as (address, counted):
        remote = io.BufferedReader(RemoteFile(f"{address}/file"), 1024)
        remote.seek(-10, io.SEEK_END)
        assert remote.read() == content[-10:]
        remote.seek(5000)
        assert (remote.read(100), remote.tell()) == (content[5000:5100], 5100)
        remote.seek(0, io.SEEK_END)
        assert remote.read(5) == b""
        assert counted.sent < 4096


def test_a_server_that_gives_whole_files_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100)
    with serving(tmp_path, whole_only=True) as (address, _):
        with pytest.raises(OSError, match="whole files only"):
            RemoteFile(f"{address}/file")
        with pytest.raises(HTTPError):
            RemoteFile(f"{address}/gone")
