"""The torch inside an image must be the variant's: each way to be wrong is told."""

import pytest

from images.scripts.assert_variant import mismatch, runtime


@pytest.mark.parametrize(
    ("wheel", "version"), [("cu126", "12.6"), ("cu130", "13.0"), ("rocm7.2", "7.2")]
)
def test_runtime_version_in_a_tag(wheel: str, version: str) -> None:
    assert runtime(wheel) == version


@pytest.mark.parametrize(
    ("variant", "wheel", "found", "message"),
    [
        ("cpu", "cpu", {"torch": "2.13.0", "cuda": None, "hip": None}, None),
        ("cpu", "cpu", {"torch": "2.13.0", "cuda": "13.0", "hip": None}, "has no cuda"),
        ("cpu", "cpu", {"torch": "2.12.0", "cuda": None, "hip": None}, "torch is 2.12.0"),
        ("cuda", "cu130", {"torch": "2.13.0", "cuda": "13.0", "hip": None}, None),
        ("cuda", "cu130", {"torch": "2.13.0", "cuda": "12.6", "hip": None}, "cu130 has 13.0"),
        ("cuda", "cu130", {"torch": "2.13.0", "cuda": None, "hip": None}, "cuda is None"),
        ("rocm", "rocm7.2", {"torch": "2.13.0", "cuda": None, "hip": "7.2.53211"}, None),
        ("rocm", "rocm7.2", {"torch": "2.13.0", "cuda": None, "hip": "7.1.2"}, "rocm7.2 has 7.2"),
    ],
)
def test_mismatch(
    variant: str, wheel: str, found: dict[str, str | None], message: str | None
) -> None:
    problem = mismatch(variant, "2.13.0", wheel, found)
    if message is None:
        assert problem is None
    else:
        assert problem is not None
        assert message in problem
