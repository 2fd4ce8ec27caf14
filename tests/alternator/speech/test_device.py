"""The choice of device, and CPU quotas of both cgroup versions."""

from pathlib import Path

import pytest

from alternator.config.models import WhisperSettings
from alternator.errors import ConfigError
from alternator.speech.device import (
    TorchBuild,
    choose_device,
    cpu_quota,
    threads_for,
    wanted_device,
    without_mps,
)

CPU = TorchBuild(version="2.13.0+cpu", cuda=None, hip=None, gpus=0)
CUDA = TorchBuild(version="2.13.0+cu130", cuda="13.0", hip=None, gpus=2)
CUDA_WITHOUT_GPU = TorchBuild(version="2.13.0+cu130", cuda="13.0", hip=None, gpus=0)
MAC = TorchBuild(version="2.13.0", cuda=None, hip=None, gpus=0, mps=True)
ROCM = TorchBuild(version="2.13.0+rocm7.2", cuda=None, hip="7.2", gpus=1)


@pytest.mark.parametrize(
    ("wanted", "proven", "build", "device"),
    [
        ("auto", None, CPU, "cpu"),
        ("auto", None, CUDA, "cuda"),
        ("auto", None, ROCM, "cuda"),
        ("auto", "cpu", CUDA, "cpu"),
        ("auto", "cuda:1", CUDA, "cuda:1"),
        ("auto", "cuda", CUDA_WITHOUT_GPU, "cpu"),
        ("cpu", "cuda", CUDA, "cpu"),
        ("cuda", "cpu", CUDA, "cuda"),
        ("cuda:1", None, CUDA, "cuda:1"),
        ("rocm", None, ROCM, "cuda"),
        ("cuda", None, ROCM, "cuda"),
        ("mps", None, MAC, "mps"),
        ("auto", "mps", MAC, "mps"),
        # Nobody has tried one: what was not proven is not taken unasked.
        ("auto", None, MAC, "cpu"),
        ("auto", "cpu", MAC, "cpu"),
        ("auto", "mps", CPU, "cpu"),
    ],
)
def test_choice(wanted: str, proven: str | None, build: TorchBuild, device: str) -> None:
    assert choose_device(wanted, proven, build) == device


@pytest.mark.parametrize(
    ("wanted", "build", "why"),
    [
        ("cuda", CPU, r"built for CPU only"),
        ("rocm", CUDA, r"built for CUDA 13\.0"),
        ("cuda", CUDA_WITHOUT_GPU, "finds no GPU"),
        ("cuda:2", CUDA, "there are 2 GPUs.*cuda:0 to cuda:1"),
        ("cuda:x", CUDA, "no device 'cuda:x'"),
        ("cpu:0", CUDA, "no device 'cpu:0'"),
        ("mps", CPU, "device 'mps' can't work.*finds no GPU of a Mac"),
        ("cuda", MAC, "built for CPU only"),
        ("mps:0", MAC, "no device 'mps:0'"),
        ("tpu", CUDA, "no device 'tpu'.*choose auto, cpu"),
    ],
)
def test_an_override_that_cannot_work_says_why(wanted: str, build: TorchBuild, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        choose_device(wanted, "cuda", build)


def test_the_command_line_goes_before_device_before_backend() -> None:
    assert wanted_device(WhisperSettings(), None) == "auto"
    assert wanted_device(WhisperSettings(backend="rocm"), None) == "rocm"
    assert wanted_device(WhisperSettings(device="cpu", backend="rocm"), None) == "cpu"
    assert wanted_device(WhisperSettings(device="cpu"), "cuda:1") == "cuda:1"
    assert wanted_device(WhisperSettings(device="cpu"), "auto") == "cpu"


def test_openai_whisper_leaves_a_macs_gpu_alone() -> None:
    assert without_mps("auto", "mps") == "cpu"
    assert without_mps("auto", "cuda:1") == "cuda:1"
    with pytest.raises(ConfigError, match="engine to alternator"):
        without_mps("mps", "mps")


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V2_INSIDE = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}
V2_NESTED = {
    "proc/self/cgroup": "0::/system.slice/bot.service\n",
    "sys/fs/cgroup/system.slice/cpu.max": "400000 100000\n",
    "sys/fs/cgroup/system.slice/bot.service/cpu.max": "max 100000\n",
}
V1_INSIDE = {
    "proc/self/cgroup": "5:cpu,cpuacct:/docker/0123\n2:memory:/docker/0123\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
}
V1_HOST = {
    "proc/self/cgroup": "1:cpu:/bots\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/cpu/bots/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu/bots/cpu.cfs_period_us": "100000\n",
}
UNLIMITED = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        (V2_INSIDE, 1.5),
        (V2_NESTED, 4.0),
        (V1_INSIDE, 2.0),
        (V1_HOST, 0.5),
        (UNLIMITED, None),
        ({}, None),
    ],
    ids=["v2 inside", "v2 nested", "v1 inside", "v1 host", "unlimited", "no cgroups"],
)
def test_cpu_quota(tmp_path: Path, files: dict[str, str], quota: float | None) -> None:
    assert cpu_quota(write(tmp_path, files)) == quota


@pytest.mark.parametrize(
    ("quota", "default", "threads"), [(None, 8, 8), (1.5, 8, 2), (0.5, 8, 1), (16.0, 8, 8)]
)
def test_threads(quota: float | None, default: int, threads: int) -> None:
    assert threads_for(quota, default) == threads
