"""The catalog is consistent with the probe's table, and says what is wrong with a broken one."""

import shutil
from pathlib import Path
from typing import get_args

import pytest
from reports import selection_of

from images.catalog import (
    BASE_PIN_FILE,
    CATALOG_FILE,
    CHECKOUT,
    IMAGE_USER,
    image_tag,
    load_catalog,
    with_build,
)
from images.errors import CatalogError
from images.project import project
from probe.report.snippet import image_name
from probe.tables.builds import Backend, line_of, load_table


@pytest.mark.parametrize("name", ["cpu", "cuda", "rocm"])
def test_every_variant_names_a_build_of_the_table(name: str) -> None:
    variant = load_catalog().variants[name]
    build = load_table().find(line_of(variant.torch), variant.wheel)
    assert build is not None
    assert (build.torch, build.backend) == (variant.torch, name)


def test_unknown_variant_lists_the_known_ones() -> None:
    with pytest.raises(
        CatalogError,
        match="no variant 'metal'; choose one of cpu, cuda, rocm, universal, sandbox, postgres or",
    ):
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
    shutil.copy(CATALOG_FILE.with_name(BASE_PIN_FILE), tmp_path)
    if text is not None:
        path.write_text(text)
    with pytest.raises(CatalogError, match=message) as failure:
        load_catalog(path)
    assert str(path) in str(failure.value)


def test_a_missing_pin_is_named(tmp_path: Path) -> None:
    catalog = shutil.copy(CATALOG_FILE, tmp_path)
    with pytest.raises(CatalogError, match=f"{tmp_path}/{BASE_PIN_FILE}: .*No such"):
        load_catalog(Path(catalog))


def test_the_probe_prints_the_names_that_the_builder_gives() -> None:
    variants = load_catalog().variants
    assert set(variants) == set(get_args(Backend))
    for image in get_args(Backend):
        for build in variants[image].locked_builds():
            selection = selection_of(image, build.torch, build.wheel)
            assert image_name(selection, project().version) == image_tag(build)


def test_every_image_has_its_name() -> None:
    catalog, version = load_catalog(), project().version
    assert image_tag(catalog.variant("cpu")) == f"alternator:{version}-cpu"
    assert image_tag(catalog.universal) == f"alternator:{version}-universal"
    assert image_tag(catalog.sandbox) == f"alternator-sandbox:{version}"
    assert (
        image_tag(catalog.postgres) == f"alternator-postgres:{version}-{catalog.postgres.version}"
    )
    complete = image_tag(catalog.variant("cuda"), full=True)
    assert complete == f"alternator:{version}-cuda-cu130-full"


def test_the_compose_files_have_the_images_user() -> None:
    """They can be used by hand, so they say it themselves."""
    user, _, group = IMAGE_USER.partition(":")
    files = {path.stem: path.read_text("utf-8") for path in (CHECKOUT / "compose").glob("*.yaml")}
    assert f"${{ALTERNATOR_USER:-{IMAGE_USER}}}" in files["compose"]
    assert user == group
    for name in ("cuda", "cuda-cdi", "cuda-runtime"):
        assert f"${{ALTERNATOR_NVIDIA_GID:-{group}}}" in files[name]
