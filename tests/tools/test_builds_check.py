"""The table of builds against a package index, served on loopback."""

import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from parts_server import serving

from probe.tables.builds import Table, load_table
from tools.builds_check import BY_THE_WHEEL_ALONE, main
from tools.wheel_facts import cuda_of_tag


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


METADATA = "Metadata-Version: 2.1\nName: torch\nVersion: {version}+{wheel}\n{requires}\n"


class Served:
    """An index whose wheels have metadata beside them, and whose ROCm wheels can be read."""

    def __init__(self, directory: Path, table: Table) -> None:
        self.directory = directory
        self.metadata: dict[str, str] = {}
        self.kernels: dict[str, frozenset[str]] = {}
        for build in table.builds:
            cuda = cuda_of_tag(build.wheel)
            requires = f"Requires-Dist: nvidia-cuda-runtime=={cuda}.1" if cuda else ""
            for name in wheel_names(build, table):
                self.metadata[name] = METADATA.format(
                    version=build.torch, wheel=build.wheel, requires=requires
                )
                if build.backend == "rocm":
                    self.kernels[name] = build.gfx["x86_64"] & build.kernels

    def write(self) -> None:
        tags: dict[str, list[str]] = {}
        for name, metadata in self.metadata.items():
            tag = name.partition("+")[2].partition("-")[0]
            tags.setdefault(tag, []).append(name)
            (self.directory / f"{name}.metadata").write_text(metadata)
        for name, targets in self.kernels.items():
            with zipfile.ZipFile(self.directory / name, "w") as wheel:
                for gfx in targets:
                    wheel.writestr(f"torch/lib/rocblas/library/TensileLibrary_lazy_{gfx}.dat", "")
        for tag, names in tags.items():
            folder = self.directory / tag / "torch"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "index.html").write_text(
                "".join(f'<a href="/{quote(n)}" data-core-metadata="true">{n}</a>' for n in names)
            )


@pytest.fixture
def served(tmp_path: Path, table: Table) -> Served:
    return Served(tmp_path, table)


def checked(served: Served) -> int:
    served.write()
    with serving(served.directory) as (address, _):
        return main(["--index", address])


def test_wheels_that_say_what_the_table_says(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(served) == 0
    out, err = capsys.readouterr()
    assert out.startswith("the table agrees with the index: ")
    reasons = [line.partition("(")[2].partition(")")[0] for line in err.splitlines()]
    assert reasons == [BY_THE_WHEEL_ALONE, "no index tells"]
    assert "compute capabilities of torch 2.13.0 cu130 aarch64" in err
    assert "gfx targets of torch 2.9.1 rocm6.3 x86_64" in err
    assert "the oldest drivers of the CUDA builds" in err
    assert "rocBLAS's kernels" not in err


@pytest.mark.parametrize(
    ("wheel", "torch", "gone", "come", "said"),
    [
        ("rocm6.3", "2.9.1", {"gfx906"}, set(), "has no kernels for gfx906; the table has"),
        ("rocm7.2", "2.13.0", set(), {"gfx1103"}, "has kernels for gfx1103; the table has not"),
    ],
)
def test_kernels_that_rocblas_lost_or_gained(
    served: Served,
    capsys: pytest.CaptureFixture[str],
    wheel: str,
    torch: str,
    gone: set[str],
    come: set[str],
    said: str,
) -> None:
    (name,) = (n for n in served.kernels if n.startswith(f"torch-{torch}+{wheel}-"))
    served.kernels[name] = served.kernels[name] - gone | come
    assert checked(served) == 1
    assert capsys.readouterr().out.splitlines() == [f"{wheel}: torch {torch} {said}"]


def test_a_wheel_of_another_toolkit_or_version(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "torch-2.11.0+cu128-cp311-cp311-manylinux_2_28_aarch64.whl"
    served.metadata[name] = served.metadata[name].replace("==12.8.1", "==12.9.1")
    cpu = "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
    served.metadata[cpu] += "Requires-Dist: nvidia-cuda-runtime==13.0.96\n"
    old = "torch-2.8.0+cu126-cp311-cp311-manylinux_2_28_x86_64.whl"
    served.metadata[old] = served.metadata[old].replace("2.8.0", "2.8.1")
    assert checked(served) == 1
    assert sorted(capsys.readouterr().out.splitlines()) == [
        "torch 2.11.0 cu128 aarch64: it requires CUDA 12.9, not 12.8",
        "torch 2.13.0 cpu x86_64: it requires CUDA 13.0, not none",
        "torch 2.8.0 cu126 x86_64: its metadata are of torch 2.8.1",
    ]


def test_a_wheel_with_its_libraries_inside_requires_no_cuda(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "torch-2.9.1+cu128-cp311-cp311-manylinux_2_28_aarch64.whl"
    served.metadata[name] = METADATA.format(version="2.9.1", wheel="cu128", requires="")
    assert checked(served) == 0
    assert (
        "not checked (it carries its libraries, and requires none): CUDA version of torch 2.9.1 "
        "cu128 aarch64\n"
    ) in capsys.readouterr().err


def test_a_wheel_for_an_architecture_that_the_table_has_not(agreeing, capsys):
    names, check = agreeing
    names["cu118"].append("torch-2.7.1+cu118-cp311-cp311-manylinux_2_28_aarch64.whl")
    assert check() == 1
    assert capsys.readouterr().out == (
        "cu118: the index has torch 2.7.1 for aarch64; the table has not\n"
    )


def test_a_wheel_for_a_newer_system_than_the_images(agreeing, capsys):
    names, check = agreeing
    names["cu130"] = [name.replace("manylinux_2_28", "manylinux_2_39") for name in names["cu130"]]
    assert check() == 1
    assert "torch 2.13.0 cu130 x86_64: it needs glibc 2.39, newer than the images'" in (
        capsys.readouterr().out
    )


def test_what_could_not_be_compared_is_said(agreeing, capsys):
    """An index of names alone, as a mirror may be."""
    _, check = agreeing
    assert check() == 0
    err = capsys.readouterr().err
    assert "not checked (the index has no metadata beside it): requirements of torch 2.14.1" in err
    assert "rocBLAS's kernels of torch 2.9.1 rocm6.3" in err
