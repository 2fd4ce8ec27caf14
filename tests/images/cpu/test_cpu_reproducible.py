"""The CPU image built twice from the same files: `make test-images VARIANT=cpu TWICE=1`."""

import os

import pytest
from same_image import first_difference

from images.build.build import BuildRequest, build
from images.build.builder import Builder


@pytest.mark.engine
@pytest.mark.timeout(3600)
@pytest.mark.skipif(
    "TWICE" not in os.environ,
    reason="builds the image again without cache: `make test-images VARIANT=cpu TWICE=1`",
)
def test_the_whole_image_is_the_same_without_cache(builder: Builder) -> None:
    variant, engine = builder.catalog.variant("cpu"), builder.engine
    first = build(BuildRequest(image=variant), builder)
    fresh = build(
        BuildRequest(image=variant, tag="alternator-test-same:fresh", fresh=True), builder
    )
    try:
        assert first_difference(engine, first.tag, fresh.tag) is None
    finally:
        engine.client.images.remove(fresh.tag, force=True)
