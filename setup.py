"""Builds the kernels in C (alternator/speech/batched/kernels.h) where there is a compiler.

They are a plain library, which ``ctypes`` loads: it knows nothing of Python, and its name is the
same for every version. Without a compiler the package is whole as well, only slower in int8. Images
don't come this way: they have it compiled beforehand (images/scripts/debian/build-kernels.sh).
"""

from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

FOLDER = "alternator/speech/batched"


class PlainLibrary(build_ext):
    """Without the name that Python's own modules in C have."""

    def get_ext_filename(self, fullname: str) -> str:
        """The library's path from the folder that it is built in."""
        return str(Path(*fullname.split(".")).with_suffix(".so"))


class PlainWheel(bdist_wheel):
    """For any Python 3 of the platform."""

    def get_tag(self) -> tuple[str, str, str]:
        """The wheel's tag: Python, its binary interface, the platform."""
        return ("py3", "none", super().get_tag()[2])


setup(
    cmdclass={"build_ext": PlainLibrary, "bdist_wheel": PlainWheel},
    ext_modules=[
        Extension(
            "alternator.speech.batched.libkernels",
            sources=[
                f"{FOLDER}/kernel_{part}.c"
                for part in ("attend", "half", "linear", "listen", "ways")
            ],
            depends=[f"{FOLDER}/kernels.h", f"{FOLDER}/kernels.flags"],
            extra_compile_args=Path(FOLDER, "kernels.flags").read_text("ascii").split(),
            optional=True,
        )
    ],
)
