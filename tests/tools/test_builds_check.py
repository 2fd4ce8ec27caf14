"""The table of builds against a package index, served on loopback."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

from probe.tables.builds import Table, load_table
from tools.builds_check import main


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def table() -> Table:
    return load_table()


@pytest.fixture
def index(tmp_path):
    """A package index in a directory, and its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def page(directory, wheel, names):
    folder = directory / wheel / "torch"
    folder.mkdir(parents=True, exist_ok=True)
    links = [f'<a href="/whl/{wheel}/{quote(name)}#sha256=00">{name}</a><br/>' for name in names]
    (folder / "index.html").write_text("<html><body>" + "\n".join(links))


def wheel_names(build, table):
    architectures = table.cpu_arch if build.backend == "cpu" else (build.cuda_code or build.gfx)
    return [
        f"torch-{build.torch}+{build.wheel}-cp311-cp311-manylinux_2_28_{arch}.whl"
        for arch in architectures
    ]


@pytest.fixture
def agreeing(index, table):
    """An index that has just what the table says; returns the names by tag, and a writer."""
    directory, address = index
    names: dict[str, list[str]] = {}
    for build in table.builds:
        names.setdefault(build.wheel, []).extend(wheel_names(build, table))

    def write():
        for wheel, of_wheel in names.items():
            noise = ["torch-1.0-cp311-cp311-win_amd64.whl", "torch-2.13.0-cp312-cp312-linux.whl"]
            page(directory, wheel, [*of_wheel, *noise])
        return main(["--index", address])

    return names, write


def test_an_index_that_agrees(agreeing, capsys):
    _, check = agreeing
    assert check() == 0
    assert capsys.readouterr().out.startswith("the table agrees with the index: ")


def test_a_wheel_that_is_gone(agreeing, capsys):
    names, check = agreeing
    names["cu126"] = [name for name in names["cu126"] if "2.13.0" not in name]
    assert check() == 1
    assert capsys.readouterr().out.splitlines() == [
        "cu126: no cp311 wheel of torch 2.13.0 for x86_64",
        "cu126: no cp311 wheel of torch 2.13.0 for aarch64",
    ]


def test_a_newer_version_of_a_line_and_a_newer_line(agreeing, capsys):
    names, check = agreeing
    names["cu130"].append("torch-2.13.1+cu130-cp311-cp311-manylinux_2_28_x86_64.whl")
    names["rocm7.2"].append("torch-2.15.0+rocm7.2-cp311-cp311-linux_x86_64.whl")
    names["cu130"].append("torch-2.14.2rc1+cu130-cp311-cp311-manylinux_2_28_x86_64.whl")
    assert check() == 1
    assert capsys.readouterr().out.splitlines() == [
        "cu130: torch 2.13.1 is out; the table has 2.13.0",
        "rocm7.2: the index has torch 2.15 with it; the table has not",
    ]


def test_a_tag_that_is_gone(agreeing, capsys):
    names, check = agreeing
    del names["cu118"]
    assert check() == 1
    assert capsys.readouterr().out == "cu118: the index has no such tag any more\n"


def test_an_index_that_can_not_be_reached(capsys):
    assert main(["--index", "http://127.0.0.1:1"]) == 24
    assert "can't be reached" in capsys.readouterr().err
    assert main(["--index", "no address"]) == 24
    assert "Traceback" not in capsys.readouterr().err
