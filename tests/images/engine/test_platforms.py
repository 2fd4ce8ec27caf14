"""Platforms have two names, and a torch build may lack one of them."""

import pytest

from images.catalog import load_catalog, with_build
from images.engine import platforms
from images.engine.platforms import AMD64, ARM64
from images.errors import CatalogError


@pytest.mark.parametrize("name", ["linux/arm64", "arm64"])
def test_a_platform_has_a_long_and_a_short_name(name: str) -> None:
    assert platforms.parse_platform(name) is ARM64
    assert str(ARM64) == "linux/arm64"


def test_an_unknown_platform_lists_the_known_ones() -> None:
    with pytest.raises(CatalogError, match=r"'linux/riscv64'; choose from linux/amd64, linux/arm"):
        platforms.parse_platform("linux/riscv64")


def test_a_machine_is_known_by_what_linux_and_macos_call_it() -> None:
    assert platforms.of_machine("aarch64") is ARM64
    assert platforms.of_machine("arm64") is ARM64
    assert platforms.of_machine("x86_64") is AMD64
    assert platforms.of_machine("riscv64") is None


def test_only_an_image_of_another_platform_says_so_in_its_tag() -> None:
    assert platforms.tag_for("alternator:0.1.0-cpu", AMD64, AMD64) == "alternator:0.1.0-cpu"
    assert platforms.tag_for("alternator:0.1.0-cpu", ARM64, AMD64) == "alternator:0.1.0-cpu-arm64"


@pytest.mark.parametrize(
    ("variant", "wheel", "torch"),
    [
        ("cpu", "cpu", None),
        ("cuda", "cu130", None),
        ("cuda", "cu126", None),
        ("cuda", "cu128", "2.11.0"),
    ],
)
def test_builds_that_exist_for_both_are_refused_for_none(
    variant: str, wheel: str, torch: str | None
) -> None:
    build = with_build(load_catalog().variant(variant), wheel=wheel, torch=torch)
    assert [platforms.refusal(build, known) for known in platforms.PLATFORMS] == [None, None]


@pytest.mark.parametrize(
    ("variant", "wheel", "torch"), [("rocm", "rocm7.2", None), ("cuda", "cu118", "2.7.1")]
)
def test_a_build_that_does_not_exist_for_arm64_is_refused(
    variant: str, wheel: str, torch: str | None
) -> None:
    build = with_build(load_catalog().variant(variant), wheel=wheel, torch=torch)
    assert platforms.refusal(build, AMD64) is None
    why = platforms.refusal(build, ARM64)
    assert why is not None
    assert why.endswith(f"no {wheel} build for aarch64 (linux/arm64), only for x86_64")


def test_a_build_that_does_not_exist_is_refused_with_the_way_out() -> None:
    rocm = load_catalog().variant("rocm")
    platforms.require_platform(rocm, AMD64)
    with pytest.raises(CatalogError, match=r"only for x86_64; VARIANT=cpu runs on every platform"):
        platforms.require_platform(rocm, ARM64)
