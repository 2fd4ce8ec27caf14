"""The CUDA image with stubs keeps the contract too; a call of what it lacks ends the process.

`make test-images VARIANT=cuda STUBS=1` asks for it.
"""

import os
from collections.abc import Callable

import pytest
from image_contract import ImageContract

from images.build.build import BuildRequest, Built, build
from images.build.builder import Builder
from images.contents import inventory
from images.engine.container import Ended
from images.engine.engine import Engine


@pytest.fixture(scope="class")
def built(builder: Builder) -> Built:
    """The image with every stub, under a tag of its own."""
    return build(BuildRequest(image=builder.catalog.variant("cuda"), stubs="all"), builder)


@pytest.mark.skipif(
    os.environ.get("VARIANT") not in ("cuda", "all") or not os.environ.get("STUBS"),
    reason="an option of the 3.5 GB image: `make test-images VARIANT=cuda STUBS=1`",
)
class TestCudaImageWithStubs(ImageContract):
    variant = "cuda"
    wheel = "cu130"

    def test_tells_of_its_stubs(self, engine: Engine, built: Built) -> None:
        assert built.tag.endswith("-cuda-cu130-stubs")
        found = {image.tag: image for image in inventory.local_images(engine)}
        assert found[built.tag].variant == "cuda, stubs of cusparselt+nccl+nvshmem"

    def test_the_stubs_have_every_function_that_torch_links(
        self, run: Callable[..., Ended]
    ) -> None:
        program = "import torch; print(torch.ones(3).sum().item())"
        ended = run("python", "-c", program, environment={"LD_BIND_NOW": "1"})
        assert (ended.status, ended.output) == (0, "3.0\n"), ended.messages

    def test_a_call_names_the_library_and_the_remedy_and_aborts(
        self, run: Callable[..., Ended]
    ) -> None:
        ended = run("python", "-c", "import torch; print(torch.cuda.nccl.unique_id())")
        assert ended.status == 134  # SIGABRT
        assert ended.output == ""
        assert "ncclGetUniqueId of libnccl.so.2 was called" in ended.messages
        assert "`make images VARIANT=cuda` without STUBS" in ended.messages
