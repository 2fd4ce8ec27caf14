"""Every file is some package's, and nothing is lost between the two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_weights import DEBIAN, FILES, PYTHON, SITE

from images.contents.weights import file_tables, owner, sort_files
from images.errors import EngineError


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


@pytest.mark.parametrize("answer", [None, [], {"files": []}])
def test_an_answer_of_another_shape_is_an_error(answer: object) -> None:
    with pytest.raises(EngineError, match="list of files is of an unknown shape"):
        file_tables(answer)
