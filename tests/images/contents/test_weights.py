"""Every file is some package's, and nothing is lost between the two."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_weights import DEBIAN, FILES, PYTHON, SITE

from images.contents.weights import file_tables, owner, sort_files
from images.errors import EngineError
from images.scripts import list_files


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


def test_what_the_script_prints_is_read() -> None:
    """Here, of this machine's own packages: JSON has no tuples."""
    printed = {"files": [["/usr/bin/bash", 2]], "debian": list_files.debian(), "python": PYTHON}
    found = file_tables(json.loads(json.dumps(printed)))
    assert found == {**printed, "files": [("/usr/bin/bash", 2)]}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "it is not an object"),
        ([], "it is not an object"),
        ({"files": []}, "it has no debian"),
        ({"files": [["/a"]], "debian": {}, "python": {}}, r"it\.files\[0\] has 1 parts, not 2"),
        ({"files": [], "debian": {"a": 1}, "python": {}}, "it.debian.a is not a list"),
    ],
)
def test_an_answer_of_another_shape_is_an_error(answer: object, why: str) -> None:
    with pytest.raises(EngineError, match=f"list of files is of an unknown shape: {why}"):
        file_tables(answer)
