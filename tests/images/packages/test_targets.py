"""There is a lock for each image, build and machine, and each pin belongs to its own."""

from dataclasses import replace

import pytest

from images.catalog import load_catalog
from images.errors import CatalogError
from images.packages.targets import all_targets, select, variant_target


def test_a_pin_of_one_build_holds_for_that_build_alone() -> None:
    catalog = replace(load_catalog(), pins={"2.13.0+cu130": {"alpha": "1.0"}})
    cuda = catalog.variant("cuda")
    assert {
        build.wheel: "alpha" in variant_target(catalog, build, "x86_64").packages
        for build in cuda.locked_builds()
    } == {"cu130": True, "cu126": False, "cu128": False}


def test_unknown_names_list_the_locks() -> None:
    with pytest.raises(
        CatalogError, match=r"no lock 'metal'; choose from cpu-2\.13\.0-cpu\.x86_64"
    ):
        select(load_catalog(), ["metal"])


def test_there_is_a_lock_for_each_machine_that_a_build_exists_for() -> None:
    labels = {target.label for target in all_targets(load_catalog())}
    assert {"cpu-2.13.0-cpu.x86_64", "cpu-2.13.0-cpu.aarch64"} <= labels
    assert {"cuda-2.13.0-cu130.x86_64", "cuda-2.13.0-cu130.aarch64"} <= labels
    assert {"universal.aarch64", "sandbox.aarch64"} <= labels
    assert "rocm-2.13.0-rocm7.2.aarch64" not in labels
    assert [target.label for target in select(load_catalog(), ["cpu"])] == [
        "cpu-2.13.0-cpu.x86_64",
        "cpu-2.13.0-cpu.aarch64",
    ]
