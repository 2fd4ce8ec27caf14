"""The CUDA image keeps the contract of every image. `make test-images VARIANT=cuda` asks for it."""

import json
import os
from collections.abc import Callable

import pytest
from image_contract import TorchContract

from images.build.build import BuildRequest, Built, build
from images.build.builder import Builder
from images.engine.container import Ended


@pytest.mark.skipif(
    os.environ.get("VARIANT") not in ("cuda", "all"),
    reason="3.6 GB: `make test-images VARIANT=cuda` builds and tests it",
)
class TestCudaImage(TorchContract):
    variant = "cuda"
    wheel = "cu130"

    def test_gpu_support_adds_no_more_than_its_budget(self, builder: Builder, built: Built) -> None:
        cpu = build(BuildRequest(image=builder.catalog.variant("cpu")), builder)
        most = builder.catalog.budgets["cuda"].more_than_cpu
        assert most is not None
        assert built.size - cpu.size <= most

    def test_the_torch_inside_is_built_for_cuda(self, run: Callable[..., Ended]) -> None:
        program = "import json, torch; print(json.dumps([torch.version.cuda, torch.version.hip]))"
        assert json.loads(run("python", "-c", program).output) == ["13.0", None]
