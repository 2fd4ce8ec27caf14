"""What each image's build is told, and what is said of it."""

from pathlib import Path

import pytest
from fake_engine import FakeEngine, fake_builder, image_facts

from images.build.build import BuildRequest, build, build_arguments, contents
from images.build.provenance import Provenance
from images.build.slim_base import slim_tag
from images.catalog import AnyImage, load_catalog, with_build
from images.engine.platforms import AMD64, ARM64
from images.errors import CatalogError

MIRROR = "mirror.example/python@sha256:1"
PROVENANCE = Provenance(revision="abc", epoch=0, source="unknown")


def arguments(image: AnyImage, *, full: bool = False) -> dict[str, str]:
    request = BuildRequest(image=image, base=MIRROR, gfx="gfx1100", full=full)
    base = image_facts(MIRROR)
    engine = FakeEngine(images=[base, image_facts(slim_tag(base, AMD64))])
    return build_arguments(request, fake_builder(engine), AMD64, PROVENANCE)


def test_a_variant_is_told_its_base_its_torch_and_where_it_comes_from() -> None:
    assert arguments(load_catalog().variant("cuda"), full=True) == {
        "BASE": MIRROR,
        "BASE_DIGEST": "sha256:1",
        "RUNTIME_BASE": slim_tag(image_facts(MIRROR), AMD64),
        "TORCH": "2.13.0",
        "WHEEL": "cu130",
        "GFX": "gfx1100",
        "FULL": "1",
        "REVISION": "abc",
        "CREATED": "1970-01-01T00:00:00Z",
        "SOURCE": "unknown",
        "SOURCE_DATE_EPOCH": "0",
    }


def test_the_cuda_image_is_lean_where_its_libraries_were_looked_at() -> None:
    cuda = load_catalog().variant("cuda")
    assert "FULL" not in arguments(cuda)
    assert arguments(with_build(cuda, wheel="cu126"))["FULL"] == "1"
    assert "FULL" not in arguments(load_catalog().variant("rocm"))


def test_the_universal_image_has_no_torch_and_the_sandbox_no_labels() -> None:
    universal = arguments(load_catalog().universal)
    assert {"TORCH", "WHEEL", "GFX", "FULL"}.isdisjoint(universal)
    assert universal["REVISION"] == "abc"
    assert arguments(load_catalog().sandbox) == {"BASE": MIRROR}
    assert arguments(load_catalog().postgres) == {"BASE": MIRROR}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rocm", "torch 2.13.0, rocm7.2, linux/amd64"),
        ("universal", "its torch is installed at the first start, linux/amd64"),
        ("sandbox", "the demo's Mastodon server and vision endpoint"),
        ("postgres", "Debian's PostgreSQL 15, linux/amd64"),
    ],
)
def test_what_is_built_is_said(name: str, said: str) -> None:
    catalog = load_catalog()
    images: list[AnyImage] = [
        *catalog.variants.values(),
        *(catalog.universal, catalog.sandbox, catalog.postgres),
    ]
    [image] = [image for image in images if image.name == name]
    assert contents(image, AMD64) == said


def test_what_is_wrong_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    builder, catalog = fake_builder(FakeEngine()), load_catalog()
    rocm = BuildRequest(image=catalog.variant("rocm"), platform=ARM64, pool=tmp_path)
    with pytest.raises(CatalogError, match="only for x86_64"):
        build(rocm, builder)
    cpu = BuildRequest(image=catalog.variant("cpu"), full=True, pool=tmp_path)
    with pytest.raises(CatalogError, match="--full is for the CUDA image"):
        build(cpu, builder)
    assert list(tmp_path.iterdir()) == []
