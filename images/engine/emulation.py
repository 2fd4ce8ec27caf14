"""Whether an engine can build for a platform other than its own: by emulation.

The kernel hands the programs of another architecture to QEMU, where it was told so. Whether it was
is asked of the engine itself, with a program that only ends. How it is told:
https://github.com/torvalds/linux/blob/master/Documentation/admin-guide/binfmt-misc.rst
"""

import contextlib
import io
import struct
import tarfile
from collections.abc import Sequence

from docker.errors import DockerException

from images.engine import commands
from images.engine.engine import Engine
from images.engine.platforms import Platform
from images.errors import EngineError

TRIAL_TAG = "alternator-platform-trial"
# Where a program's code lies in memory, and the sizes of the two headers before it.
LOAD_ADDRESS = 0x400000
HEADERS = 64 + 56


def require_emulation(engine: Engine, wanted: Sequence[Platform]) -> None:
    """Raise an EngineError with the remedy if the engine can't run programs of a platform."""
    own = engine.platform
    for other in wanted:
        if other != own and not runs(engine, other):
            raise EngineError(
                f"this container engine runs {own} and has no emulation of {other}. On the "
                f"machine that it runs on, type\n"
                f"{commands.to_install(('qemu-user-static', 'binfmt-support'), commands.here())}"
                f"and run this command again, or build on a machine of {other}."
            )


def runs(engine: Engine, wanted: Platform) -> bool:
    """Whether the engine can run a program of a platform, by running one that only ends."""
    client, content = engine.client, io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        entry = tarfile.TarInfo("end")
        entry.mode, data = 0o755, program(wanted)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    try:
        client.api.import_image_from_data(content.getvalue(), repository=TRIAL_TAG, tag="latest")
        client.containers.run(TRIAL_TAG, ["/end"], network_mode="none", remove=True)
    except DockerException as error:
        if "exec format error" in str(error):
            return False
        raise EngineError(f"the engine does not tell whether it runs {wanted}: {error}") from error
    finally:
        with contextlib.suppress(DockerException):
            client.images.remove(TRIAL_TAG, force=True)
    return True


def program(wanted: Platform) -> bytes:
    """A whole program file for Linux: the ELF header, one segment, and the code in it."""
    size = HEADERS + len(wanted.end)
    start = LOAD_ADDRESS + HEADERS
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)  # 64 bits, little-endian, version 1
    header = struct.pack(
        "<HHIQQQIHHHHHH", 2, wanted.elf_machine, 1, start, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    # Loaded as it is, to be read and executed.
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, LOAD_ADDRESS, LOAD_ADDRESS, size, size, 0x10000)
    return identity + header + segment + wanted.end
