"""A small image's files, and what they weigh by package."""

from images.contents.weights import Weights, sort_files

SITE = "/opt/alternator/venv/lib/python3.11/site-packages"
DEBIAN = {"libc6": ["/lib/x86_64-linux-gnu/libc.so.6"], "bash": ["/bin/bash"]}
PYTHON = {
    "torch": "torch",
    "PIL": "pillow",
    "nvidia/cudnn/lib/libcudnn.so.9": "nvidia-cudnn-cu13",  # a folder that several share
    "alternator": "alternator",
    "probe": "alternator",
}
FILES = [
    ("/usr/lib/x86_64-linux-gnu/libc.so.6", 2_000_000),
    ("/usr/bin/bash", 1_200_000),
    ("/usr/bin/ffmpeg", 5_000_000),
    ("/usr/lib/x86_64-linux-gnu/libdav1d.so.6", 1_600_000),
    ("/usr/share/misc/unowned", 10_000),
    (f"{SITE}/torch/lib/libtorch_cpu.so", 350_000_000),
    (f"{SITE}/torch/__init__.py", 90_000),
    (f"{SITE}/torch/__pycache__/__init__.cpython-311.pyc", 60_000),
    (f"{SITE}/PIL/Image.py", 100_000),
    (f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9", 500_000_000),
    (f"{SITE}/alternator/bot/run.py", 9_000),
    (f"{SITE}/probe/cli.py", 8_000),
    ("/opt/alternator/variant.json", 100),
]


def weights(files: list[tuple[str, int]] | None = None) -> Weights:
    packages = sort_files(files or FILES, DEBIAN, PYTHON)
    total = sum(package.size for package in packages)
    return Weights(tag="alternator:1-cpu", size=total, packages=tuple(packages))
