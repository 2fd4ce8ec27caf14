"""What is known of torch builds is of those that have a lock, and says who says so."""

import re
from pathlib import Path

import pytest

from images.catalog import load_catalog
from images.errors import CatalogError
from images.packages.known_torch import load_known
from images.packages.resolve import build_of
from images.packages.targets import all_targets
from probe.tables.builds import load_table

CATALOG = load_catalog()
LOCKED = {
    (target.variant.torch, target.variant.wheel)
    for target in all_targets(CATALOG)
    if target.variant is not None and not build_of(load_table(), target.variant).default
}


def test_every_locked_build_of_another_index_is_known_and_no_other() -> None:
    assert {(build.torch, build.wheel) for build in load_known().builds} == LOCKED


def test_a_hash_is_one_and_somebody_tells_it() -> None:
    files = [file for build in load_known().builds for file in build.files.values()]
    assert files
    for file in files:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert file.told_by
        assert all(address.startswith("https://") for address in file.told_by)


def test_what_belongs_to_one_build_is_not_common() -> None:
    requires = ["filelock", "cuda-toolkit[nvtx]==13.0.3", "nvidia-nccl-cu13==2.29.7", "triton==3"]
    assert load_known().common(requires) == ["filelock"]


def test_a_file_of_another_shape_is_named(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text('of_the_build = []\n[[build]]\ntorch = "1"\n')
    with pytest.raises(CatalogError, match=r"known\.toml: known\.toml\.build\[0\] has no "):
        load_known(path)
