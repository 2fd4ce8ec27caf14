"""Asks libcuda which GPUs this process reaches, and prints it as one JSON object.

Runs alone, as a child of the probe, because ``cuInit`` can hang or crash in the driver: it imports
nothing of this package. ``--memory`` also asks for free memory, which creates a context on each
GPU (about a second and some hundred MiB for a moment). Functions and codes: NVIDIA's CUDA driver
API (https://docs.nvidia.com/cuda/cuda-driver-api/), whose names ending in ``_v2`` are the current
ones.
"""

import ctypes
import json
import sys
from itertools import pairwise

# The second is where WSL keeps it: https://docs.nvidia.com/cuda/wsl-user-guide/
LIBRARIES = ("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "/usr/lib64/libcuda.so.1")
# CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR:
# https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html
MAJOR, MINOR = 75, 76
MOST_DEVICES = 128


def main() -> int:
    """Print the answer; the exit code is 0 whatever the library says."""
    library, missing = load()
    if library is None:
        print(json.dumps({"missing": missing}))
        return 0
    status = library.cuInit(0)
    answer: dict[str, object] = {"status": status}
    if status == 0:
        version, count = ctypes.c_int(), ctypes.c_int()
        library.cuDriverGetVersion(ctypes.byref(version))
        answer["version"] = version.value
        answer["status"] = library.cuDeviceGetCount(ctypes.byref(count))
        memory = "--memory" in sys.argv[1:]
        answer["devices"] = [
            describe(library, ordinal, memory) for ordinal in range(min(count.value, MOST_DEVICES))
        ]
    print(json.dumps(answer))
    return 0


def load() -> "tuple[ctypes.CDLL | None, str | None]":
    """The driver's library, or why it can't be loaded."""
    why = None
    for name in LIBRARIES:
        try:
            return ctypes.CDLL(name), None
        except OSError as error:
            why = why or str(error)
    return None, why


def describe(library: ctypes.CDLL, ordinal: int, memory: bool) -> dict[str, object]:
    """One device: name, UUID (without its prefix), capability, PCI address, memory in bytes."""
    device = ctypes.c_int()
    if library.cuDeviceGet(ctypes.byref(device), ordinal) != 0:
        return {}
    name, bus = ctypes.create_string_buffer(256), ctypes.create_string_buffer(32)
    uuid = (ctypes.c_ubyte * 16)()
    major, minor, total = ctypes.c_int(), ctypes.c_int(), ctypes.c_size_t()
    library.cuDeviceGetName(name, len(name), device)
    library.cuDeviceGetPCIBusId(bus, len(bus), device)
    library.cuDeviceGetAttribute(ctypes.byref(major), MAJOR, device)
    library.cuDeviceGetAttribute(ctypes.byref(minor), MINOR, device)
    library.cuDeviceTotalMem_v2(ctypes.byref(total), device)
    # The second version also tells a MIG slice's own UUID; drivers before 470 lack it.
    tell_uuid = getattr(library, "cuDeviceGetUuid_v2", None) or library.cuDeviceGetUuid
    tell_uuid(uuid, device)
    digits = bytes(uuid).hex()
    cuts = (0, 8, 12, 16, 20, 32)
    answer: dict[str, object] = {
        "name": name.value.decode("utf-8", "replace"),
        "uuid": "-".join(digits[a:b] for a, b in pairwise(cuts)),
        "capability": f"{major.value}.{minor.value}",
        "bus": bus.value.decode("ascii", "replace"),
        "total": total.value,
    }
    context, free = ctypes.c_void_p(), ctypes.c_size_t()
    if memory and library.cuDevicePrimaryCtxRetain(ctypes.byref(context), device) == 0:
        library.cuCtxPushCurrent_v2(context)
        if library.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(total)) == 0:
            answer["free"] = free.value
        library.cuDevicePrimaryCtxRelease_v2(device)
    return answer


if __name__ == "__main__":
    sys.exit(main())
