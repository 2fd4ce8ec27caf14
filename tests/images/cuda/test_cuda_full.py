"""The complete CUDA image keeps the contract too, with every library whole.

`make test-images VARIANT=cuda FULL=1` asks for it.
"""

import os
import tarfile

import pytest
from image_contract import ImageContract

from images.build.build import BuildRequest, Built, build
from images.build.builder import Builder
from images.contents import inventory
from images.engine.engine import Engine


@pytest.fixture(scope="class")
def built(builder: Builder) -> Built:
    """The complete image, under a tag of its own."""
    return build(BuildRequest(image=builder.catalog.variant("cuda"), full=True), builder)


@pytest.mark.skipif(
    os.environ.get("VARIANT") not in ("cuda", "all") or not os.environ.get("FULL"),
    reason="an image of 3.65 GB: `make test-images VARIANT=cuda FULL=1`",
)
class TestCompleteCudaImage(ImageContract):
    variant = "cuda"
    wheel = "cu130"

    def test_keeps_its_budget(self, built: Built) -> None:
        """The budget is the lean image's."""

    def test_tells_that_it_is_complete(self, engine: Engine, built: Built) -> None:
        assert built.tag.endswith("-cuda-cu130-full")
        found = {image.tag: image for image in inventory.local_images(engine)}
        assert found[built.tag].variant == "cuda, complete"

    @pytest.mark.parametrize(
        "library", ["libcudnn_cnn.so.9", "libnccl.so.2", "libcufft.so.12", "libcusolver.so.12"]
    )
    def test_has_what_the_lean_one_leaves_out(
        self, files: dict[str, tarfile.TarInfo], library: str
    ) -> None:
        [path] = [path for path in files if path.endswith(f"/{library}")]
        assert files[path].size > 1_000_000
