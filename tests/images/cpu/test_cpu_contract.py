"""The CPU image keeps the contract of every image, and holds nothing of a GPU."""

import tarfile

from image_contract import TorchContract


class TestCpuImage(TorchContract):
    variant = "cpu"
    wheel = "cpu"

    def test_nothing_of_a_gpu_is_inside(self, files: dict[str, tarfile.TarInfo]) -> None:
        packages = {path.split("/site-packages/")[-1].partition("/")[0] for path in files}
        assert [name for name in packages if name.startswith(("nvidia", "triton", "cuda"))] == []
        assert [path for path in files if "libtorch_cuda" in path or "libtorch_hip" in path] == []
