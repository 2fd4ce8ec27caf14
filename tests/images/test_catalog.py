"""The catalog is consistent with the probe's table, and says what is wrong with a broken one."""

from pathlib import Path

import pytest

from images.build.build import image_tag
from images.catalog import load_catalog, with_build
from images.errors import CatalogError
from probe.tables.builds import line_of, load_table


@pytest.mark.parametrize("name", ["cpu", "cuda", "rocm"])
def test_every_variant_names_a_build_of_the_table(name: str) -> None:
    variant = load_catalog().variants[name]
    build = load_table().find(line_of(variant.torch), variant.wheel)
    assert build is not None
    assert (build.torch, build.backend) == (variant.torch, name)


def test_unknown_variant_lists_the_known_ones() -> None:
    with pytest.raises(CatalogError, match="no variant 'metal'; choose one of cpu, cuda, rocm"):
        load_catalog().variant("metal")


def test_another_build_of_a_variant() -> None:
    variant = with_build(load_catalog().variant("cuda"), wheel="cu126")
    assert variant.build == "cuda-2.13.0-cu126"
    assert image_tag(variant).endswith("-cuda-cu126")


def test_a_build_of_another_backend_is_refused() -> None:
    with pytest.raises(CatalogError, match=r"no cuda build 'rocm7.2'; it has: cu132, cu130, cu126"):
        with_build(load_catalog().variant("cuda"), wheel="rocm7.2")


def test_pins_are_of_builds_that_are_locked() -> None:
    catalog = load_catalog()
    builds = {
        f"{build.torch}+{build.wheel}"
        for variant in catalog.variants.values()
        for build in variant.locked_builds()
    }
    assert set(catalog.pins) <= builds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[base", "Expected ']'"),
        ("[torch]", "'base' is missing"),
        (None, "No such"),
    ],
)
def test_broken_catalog(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "catalog.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(CatalogError, match=message) as failure:
        load_catalog(path)
    assert str(path) in str(failure.value)
