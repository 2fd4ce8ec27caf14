"""What a build is told of its platform's base, and of the one that it compiles on."""

import pytest

from images.build import base, build
from images.catalog import load_catalog
from images.engine.platforms import AMD64, ARM64


@pytest.fixture(autouse=True)
def bases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bases that are named after their platform."""
    monkeypatch.setattr(base, "resolve", lambda _, override, platform: f"{override}-{platform}")
    monkeypatch.setattr(base, "digest", lambda reference: f"digest of {reference}")


def test_a_build_for_the_engines_own_platform_needs_one_base() -> None:
    found = build._base_arguments(load_catalog(), "mirror", ARM64, ARM64)
    assert found == {
        "BASE": "mirror-linux/arm64",
        "BASE_DIGEST": "digest of mirror-linux/arm64",
    }


def test_a_build_for_another_platform_compiles_on_the_engines_own() -> None:
    found = build._base_arguments(load_catalog(), "mirror", ARM64, AMD64)
    assert found["BASE"] == "mirror-linux/arm64"
    assert found["BUILD_BASE"] == "mirror-linux/amd64"
