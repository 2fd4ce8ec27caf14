"""The wheelhouse takes the build asked for and no other, and says how to supply one."""

import json
import zipfile
from pathlib import Path

import pytest

from images import torch_wheel, wheelhouse
from images.catalog import Variant, load_catalog
from images.console import StatusLine
from images.errors import WheelhouseError

VERSION_FILE = """\
__version__ = {version!r}
cuda: Optional[str] = {cuda!r}
hip: Optional[str] = {hip!r}
"""


def make_torch_wheel(
    folder: Path, version: str, *, cuda: str | None = None, hip: str | None = None
) -> Path:
    """A wheel of torch's name whose version.py says what the arguments say; no code in it."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"torch-{version}-py3-none-any.whl"
    files = {
        "torch/version.py": VERSION_FILE.format(version=version, cuda=cuda, hip=hip),
        "METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name if "/" in name else f"torch-{version}.dist-info/{name}", text)
    return wheel


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip sees no index at all, only what a test offers as find-links."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


def rocm() -> Variant:
    return load_catalog().variant("rocm")


def fetch(variant: Variant, pool: Path) -> Path:
    pool.mkdir()
    return wheelhouse.fetch_torch(variant, pool, StatusLine(enabled=True))


def test_reads_what_a_wheel_is(tmp_path: Path) -> None:
    found = torch_wheel.read(make_torch_wheel(tmp_path, "2.13.0+rocm7.2", hip="7.2.1"))
    assert found == torch_wheel.TorchWheel(version="2.13.0+rocm7.2", cuda=None, hip="7.2.1")


def test_a_damaged_wheel_is_named(tmp_path: Path) -> None:
    wheel = tmp_path / "torch-2.13.0-py3-none-any.whl"
    wheel.write_bytes(b"not a zip")
    with pytest.raises(WheelhouseError, match=wheel.name):
        torch_wheel.read(wheel)


@pytest.mark.usefixtures("offline")
def test_a_wheel_from_find_links_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_torch_wheel(tmp_path / "links", "2.13.0+rocm7.2", hip="7.2.1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    assert fetch(rocm(), tmp_path / "pool").name == "torch-2.13.0+rocm7.2-py3-none-any.whl"


@pytest.mark.usefixtures("offline")
def test_a_wheel_that_is_another_build_than_its_name_says_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_torch_wheel(tmp_path / "links", "2.13.0+rocm7.2", cuda="13.0")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    with pytest.raises(WheelhouseError, match="another build than its name says"):
        fetch(rocm(), tmp_path / "pool")
    assert not list((tmp_path / "pool").glob("*.whl"))


@pytest.mark.usefixtures("offline")
def test_the_default_index_serves_cuda_but_never_another_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Untagged 2.13.0 is the default index's cu130; a CPU wheel beside it must not be taken."""
    make_torch_wheel(tmp_path / "links", "2.13.0", cuda="13.0")
    make_torch_wheel(tmp_path / "links", "2.13.0+cpu")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    wheel = fetch(load_catalog().variant("cuda"), tmp_path / "pool")
    assert wheel.name == "torch-2.13.0-py3-none-any.whl"


@pytest.mark.usefixtures("offline")
def test_a_build_that_cannot_be_had_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(WheelhouseError) as failure:
        fetch(rocm(), tmp_path / "pool")
    assert "the torch build 2.13.0+rocm7.2 can't be had" in str(failure.value)
    assert "PIP_FIND_LINKS=/that/folder make images VARIANT=rocm" in str(failure.value)


def test_a_pool_is_complete_only_with_every_file_at_its_size(tmp_path: Path) -> None:
    wanted = {"packages": {"a": "1"}}
    wheel = make_torch_wheel(tmp_path, "1.0")
    wheelhouse._finish(tmp_path, wanted)
    assert wheelhouse._is_complete(tmp_path, wanted)
    assert not wheelhouse._is_complete(tmp_path, {"packages": {"a": "2"}})
    wheel.write_bytes(wheel.read_bytes()[:-1])
    assert not wheelhouse._is_complete(tmp_path, wanted)
    (tmp_path / wheelhouse.COMPLETE).write_text(json.dumps([]))
    assert not wheelhouse._is_complete(tmp_path, wanted)


def test_linking_replaces_what_another_build_left(tmp_path: Path) -> None:
    pool, folder = tmp_path / "pool", tmp_path / "folder"
    make_torch_wheel(folder, "2.12.0")
    make_torch_wheel(pool, "2.13.0")
    wheelhouse._link(pool, folder)
    assert [path.name for path in folder.iterdir()] == ["torch-2.13.0-py3-none-any.whl"]
