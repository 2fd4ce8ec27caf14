"""The CUDA image keeps the contract of every image. `make test-images VARIANT=cuda` asks for it."""

import json
import os
import tarfile
from collections.abc import Callable

import pytest
from image_contract import TorchContract

from images.build.build import BuildRequest, Built, build
from images.build.builder import Builder
from images.engine.container import Ended
from probe.exit_codes import ExitCode
from probe.prove.run_child import STUB_MARK

# One call into each library that is a stub, by what torch's own Python reaches without a GPU, or by
# the dynamic linker: a function that torch imports, called as nobody should.
BY_LINKER = "import ctypes, torch; ctypes.CDLL('{library}').{function}()"
CALLS = {
    "ncclGetUniqueId of libnccl.so.2": "import torch; torch.cuda.nccl.unique_id()",
    "cudnnGetProperty of libcudnn.so.9": "import torch; torch.backends.cudnn.version()",
    "cufftCreate of libcufft.so.12": BY_LINKER.format(
        library="libcufft.so.12", function="cufftCreate"
    ),
    "cusparseCreate of libcusparse.so.12": BY_LINKER.format(
        library="libcusparse.so.12", function="cusparseCreate"
    ),
    "cusparseLtInit of libcusparseLt.so.0": BY_LINKER.format(
        library="libcusparseLt.so.0", function="cusparseLtInit"
    ),
    "nvshmem_malloc of libnvshmem_host.so.3": BY_LINKER.format(
        library="libnvshmem_host.so.3", function="nvshmem_malloc"
    ),
}


@pytest.mark.skipif(
    os.environ.get("VARIANT") not in ("cuda", "all"),
    reason="1.8 GB: `make test-images VARIANT=cuda` builds and tests it",
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

    def test_the_stubs_have_every_function_that_torch_links(
        self, run: Callable[..., Ended]
    ) -> None:
        program = "import torch; print(torch.ones(3).sum().item())"
        ended = run("python", "-c", program, environment={"LD_BIND_NOW": "1"})
        assert (ended.status, ended.output) == (0, "3.0\n"), ended.messages

    @pytest.mark.parametrize("called", CALLS)
    def test_a_call_names_the_library_and_the_remedy(
        self, run: Callable[..., Ended], called: str
    ) -> None:
        ended = run("python", "-c", CALLS[called])
        assert (ended.status, ended.output) == (ExitCode.LEFT_OUT, ""), ended.messages
        [line] = ended.messages.splitlines()
        assert line.startswith(f"{STUB_MARK}{called} was called, which this image leaves out; ")
        assert "`make images VARIANT=cuda FULL=1`" in line

    def test_attention_asks_cudnn_for_its_version_and_hears_of_none(
        self, run: Callable[..., Ended]
    ) -> None:
        """As every attention on a GPU does. What ends a process there ends each transcription."""
        program = "import ctypes, torch; print(ctypes.CDLL('libcudnn.so.9').cudnnGetVersion())"
        ended = run("python", "-c", program)
        assert (ended.status, ended.output) == (0, "0\n"), ended.messages

    def test_the_compiler_that_cublas_may_call_is_whole(
        self, files: dict[str, tarfile.TarInfo]
    ) -> None:
        """NVIDIA's package of cuBLAS asks for NVRTC, and cuBLASLt holds calls of it."""
        [library] = [path for path in files if path.endswith("/libnvrtc.so.13")]
        assert files[library].size > 50_000_000
        assert any("/libnvrtc-builtins.so.13" in path for path in files)
