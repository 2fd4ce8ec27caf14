"""What a decoder has to open: itself, its libraries, and what its caller names."""

import os
import struct
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Where distributions and images have libraries, and what the loader and libc look at. Nothing here
# is anybody's secret. Folders of programs are not among them: whatever can be read can be started
# by the loader.
LIBRARIES = (
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/ld-musl-x86_64.path",
    "/etc/ld-musl-aarch64.path",
)
SURROUNDINGS = (
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
    "/etc/localtime",
    "/etc/ssl/openssl.cnf",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system",
    "/usr/share/locale",
    "/usr/share/zoneinfo",
)
# Folders in which each package is a folder of its own, with its libraries inside.
STORES = ("/nix/store", "/gnu/store")
PACKAGES = ("site-packages", "dist-packages")
# alternator itself, whose parent may be a checkout with anything in it.
OWN = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Paths of files, or of folders with all that is below them.

    ``lists``: the names in them alone.
    """

    runs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()

    def __or__(self, other: "Reach") -> "Reach":
        return Reach(
            runs=self.runs + other.runs,
            reads=self.reads + other.reads,
            lists=self.lists + other.lists,
            writes=self.writes + other.writes,
        )


NOTHING = Reach()


def opening(path: Path, *, writing: Path | None = None) -> Reach:
    """One file that is read, and perhaps a folder in which files are written."""
    return Reach(reads=(str(path),), writes=(str(writing),) if writing else ())


@cache
def of_program(program: str) -> Reach | None:
    """What a program needs to start; None if it is a script, which starts others."""
    path = os.path.realpath(program)
    loader = loader_of(path)
    if loader is None:
        return None
    beside = str(Path(path).parents[1] / "lib") if path.count("/") > 1 else "/lib"
    stores = (store for store in STORES if path.startswith(store + "/"))
    reach = Reach(
        runs=(path, loader) if loader else (path,),
        reads=(*LIBRARIES, *SURROUNDINGS, *_named_by_loader(), beside, *stores),
        writes=("/dev/null",),
    )
    return reach | _of_python() if is_this_python(program) else reach


def is_this_python(program: str) -> bool:
    """Whether it is the interpreter that runs this."""
    return os.path.realpath(program) == os.path.realpath(sys.executable)


def loader_of(path: str) -> str | None:
    """What loads an ELF program, "" if nothing does; None if it is none.

    https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123  as it is given
            head = file.read(64)
            if head[:6] != b"\x7fELF\x02\x01" or len(head) < 64:
                return None
            start, size, count = struct.unpack_from("<Q14xHH", head, 32)
            for number in range(count):
                file.seek(start + number * size)
                kind, offset, length = struct.unpack_from("<I4xQ16xQ", file.read(40))
                if kind == 3:  # PT_INTERP
                    file.seek(offset)
                    return os.fsdecode(file.read(min(length, 4096)).rstrip(b"\0"))
    except (OSError, struct.error):
        return None
    return ""


def _of_python() -> Reach:
    """The interpreter's own modules and installed packages, and this one."""
    paths = sysconfig.get_paths()
    packages = [path for path in sys.path if Path(path).name in PACKAGES]
    bases = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix} - {"", "/"}
    return Reach(
        reads=(
            paths["stdlib"],
            paths["platstdlib"],
            *packages,
            str(OWN),
            *(f"{base}/pyvenv.cfg" for base in bases),
            *(f"{base}/lib" for base in bases),
        ),
        lists=tuple(path for path in sys.path if Path(path).is_dir()),
    )


def _named_by_loader() -> tuple[str, ...]:
    """Folders and files that the loader's variables name; a relative one has no place here."""
    named = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    named += os.environ.get("LD_PRELOAD", "").replace(":", " ").split()
    return tuple(path for path in named if path.startswith("/") and path.strip("/"))
