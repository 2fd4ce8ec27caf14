"""The universal image built twice from the same files: `make images-twice VARIANT=universal`."""

import os

import pytest
from same_image import build_twice

from images.build.builder import Builder


@pytest.mark.engine
@pytest.mark.timeout(3600)
@pytest.mark.skipif(
    "TWICE" not in os.environ,
    reason="builds the image again without cache: `make images-twice VARIANT=universal`",
)
def test_the_whole_image_is_the_same_without_cache(builder: Builder) -> None:
    assert build_twice(builder, builder.catalog.universal) is None
