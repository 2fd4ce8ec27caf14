"""The CPU image built twice from the same files: `make test-images VARIANT=cpu TWICE=1`."""

import os

import docker
import pytest
from same_image import first_difference

from images.build.build import build_variant
from images.catalog import load_catalog


@pytest.mark.engine
@pytest.mark.timeout(3600)
@pytest.mark.skipif(
    "TWICE" not in os.environ,
    reason="builds the image again without cache: `make test-images VARIANT=cpu TWICE=1`",
)
def test_the_whole_image_is_the_same_without_cache(engine: docker.DockerClient) -> None:
    catalog = load_catalog()
    variant = catalog.variant("cpu")
    first = build_variant(catalog, variant)
    fresh = build_variant(catalog, variant, tag="alternator-test-same:fresh", fresh=True)
    try:
        assert first_difference(engine, first.tag, fresh.tag) is None
    finally:
        engine.images.remove(fresh.tag, force=True)
