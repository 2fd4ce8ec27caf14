"""Every file is some package's, the tree adds up, and a change of size is told by its package."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.catalog import Budget
from images.contents import size_report, size_svg
from images.contents.weights import Weights, owner, sort_files

SITE = "/opt/alternator/venv/lib/python3.11/site-packages"
DEBIAN = {"libc6": ["/lib/x86_64-linux-gnu/libc.so.6"], "bash": ["/bin/bash"]}
PYTHON = {
    "torch": "torch",
    "PIL": "pillow",
    "nvidia/cudnn/lib/libcudnn.so.9": "nvidia-cudnn-cu13",  # a folder that several share
    "alternator": "alternator",
    "probe": "alternator",
}
FILES = [
    ("/usr/lib/x86_64-linux-gnu/libc.so.6", 2_000_000),
    ("/usr/bin/bash", 1_200_000),
    ("/usr/bin/ffmpeg", 5_000_000),
    ("/usr/lib/x86_64-linux-gnu/libdav1d.so.6", 1_600_000),
    ("/usr/share/misc/unowned", 10_000),
    (f"{SITE}/torch/lib/libtorch_cpu.so", 350_000_000),
    (f"{SITE}/torch/__init__.py", 90_000),
    (f"{SITE}/torch/__pycache__/__init__.cpython-311.pyc", 60_000),
    (f"{SITE}/PIL/Image.py", 100_000),
    (f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9", 500_000_000),
    (f"{SITE}/alternator/run.py", 9_000),
    (f"{SITE}/probe/cli.py", 8_000),
    ("/opt/alternator/variant.json", 100),
]


def weights(files: list[tuple[str, int]] | None = None) -> Weights:
    packages = sort_files(files or FILES, DEBIAN, PYTHON)
    total = sum(package.size for package in packages)
    return Weights(tag="alternator:1-cpu", size=total, packages=tuple(packages))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/bin/bash", ("base", "bash")),
        ("/usr/bin/ffmpeg", ("tools", "ffmpeg")),
        ("/usr/lib/x86_64-linux-gnu/libdav1d.so.6", ("tools", "libdav1d6")),
        ("/usr/share/misc/unowned", ("base", "files of no package")),
        (f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9", ("packages", "nvidia-cudnn-cu13")),
        (f"{SITE}/PIL/Image.py", ("packages", "pillow")),
        (f"{SITE}/torch/__pycache__/a.pyc", ("packages", "byte-code")),
        (f"{SITE}/probe/cli.py", ("code", "alternator")),
        ("/usr/share/licenses/alternator/torch/LICENSE", ("packages", "licences")),
    ],
)
def test_owner(path: str, expected: tuple[str, str]) -> None:
    owners = {"/usr/bin/bash": "bash"}
    assert owner(path, owners, PYTHON) == expected


@given(st.lists(st.tuples(st.sampled_from([path for path, _ in FILES]), st.integers(0, 10**9))))
def test_nothing_is_lost_between_files_and_packages(files: list[tuple[str, int]]) -> None:
    packages = sort_files(files, DEBIAN, PYTHON)
    assert sum(package.size for package in packages) == sum(size for _, size in files)
    assert [package.size for package in packages] == sorted(
        (package.size for package in packages), reverse=True
    )


def test_the_tree_whole() -> None:
    lines = size_report.tree(weights(), Budget(most=900_000_000, stretch=750_000_000))
    text = "\n".join(lines)
    assert text == Path(__file__).with_name("golden_size_tree.txt").read_text().rstrip("\n")


def test_too_large_is_said_in_the_first_line() -> None:
    line = size_report.tree(weights(), Budget(most=500_000_000))[0]
    assert line.endswith("0.86 GB of 0.50 GB: 360 MB too much")


def test_what_grew_came_and_went() -> None:
    old = {"packages/torch": 100_000_000, "packages/sympy": 27_000_000}
    new = {"packages/torch": 130_000_000, "packages/triton": 700_000_000}
    assert size_report.difference(old, new) == [
        "   +700.00 MB  packages/triton  (new)",
        "    +30.00 MB  packages/torch",
        "    -27.00 MB  packages/sympy  (gone)",
    ]
    assert size_report.difference(old, old) == []


@pytest.mark.parametrize(
    ("name", "most", "expected"),
    [
        ("nvidia-cudnn-cu13", 20, "nvidia-cudnn-cu13"),
        ("nvidia-cudnn-cu13", 8, "cudnn"),
        ("nvidia-cuda-nvrtc", 8, "nvrtc"),
        ("libcublasLt.so.13", 9, "cublasLt"),
        ("libcublasLt.so.13", 5, "cubl…"),
        ("base (Debian and Python)", 4, "base"),
    ],
)
def test_a_narrow_bar_keeps_what_tells_its_name_from_others(
    name: str, most: int, expected: str
) -> None:
    assert size_svg.label(name, most) == expected


def test_the_drawing_names_what_is_large_and_is_whole_xml() -> None:
    import xml.etree.ElementTree

    text = size_svg.draw(weights(), Budget(most=1_000_000_000))
    root = xml.etree.ElementTree.fromstring(text)
    titles = [element.text or "" for element in root.iter() if element.tag.endswith("title")]
    assert "libtorch_cpu.so: 350.0 MB" in titles
    assert "budget 1.00 GB" in text
    assert json.dumps(titles).count("nvidia-cudnn-cu13") == 1
