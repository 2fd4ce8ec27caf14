"""What NVIDIA's driver library says of a GPU that can't be used.

Its answers are CUresult (https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html).
"""

from probe.finding import Finding
from probe.findings.nvidia import GIVE, LOOK, START, UPDATED


class LibcudaNotInContainer(Finding):
    """A container without the driver's library, which PyTorch loads."""

    code = "libcuda-not-in-container"
    says = "libcuda.so.1 is not in this container"
    steps = (START, "if it was, NVIDIA_DRIVER_CAPABILITIES must hold compute")


class LibcudaWithoutIt(Finding):
    """The driver's library answers and does not reach this card."""

    code = "libcuda-does-not-reach"
    says = "libcuda does not reach it"
    steps = (LOOK,)
    in_container = (GIVE,)


class LibcudaStub(Finding):
    """The toolkit's stand-in for building was loaded (CUDA_ERROR_STUB_LIBRARY)."""

    code = "libcuda-stub"
    says = "libcuda is the toolkit's stub, not the driver's"
    steps = ("take the toolkit's stubs directory out of LD_LIBRARY_PATH",)


class InExclusiveUse(Finding):
    """The compute mode lets no further process in (CUDA_ERROR_DEVICE_UNAVAILABLE)."""

    code = "cuda-in-exclusive-use"
    says = "the GPU is in use by another process alone, or prohibited"
    steps = ("let processes share it: sudo nvidia-smi -c 0",)


class LibcudaNoDevice(Finding):
    """libcuda reaches no device at all (CUDA_ERROR_NO_DEVICE)."""

    code = "cuda-no-device"
    says = "libcuda reaches no device"
    steps = ("see what it meets: ls -l /dev/nvidia*", "ldconfig -p | grep libcuda")


class NotReady(Finding):
    """The machine's GPUs wait for their fabric (CUDA_ERROR_SYSTEM_NOT_READY)."""

    code = "cuda-system-not-ready"
    says = "the machine's GPUs are not ready yet"
    steps = ("start NVIDIA's fabric manager: sudo systemctl start nvidia-fabricmanager",)


class DriverMismatch(Finding):
    """libcuda and kernel driver differ (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)."""

    code = "cuda-driver-mismatch"
    says = "libcuda and NVIDIA's kernel driver have different versions"
    steps = (UPDATED, "in a container, start it again")


class CompatNotSupported(Finding):
    """A compatibility package on a card that it does not serve
    (CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE)."""

    code = "cuda-compat-not-supported"
    says = "this image's CUDA compatibility library does not serve this GPU"
    steps = ("take its compat directory out of LD_LIBRARY_PATH, or update the driver",)


class CudaUnknownError(Finding):
    """libcuda has no word for what is wrong (CUDA_ERROR_UNKNOWN)."""

    code = "cuda-unknown-error"
    says = "libcuda meets an unknown error"
    steps = (
        "load the module: sudo modprobe nvidia_uvm",
        "then start the container again, or reboot",
    )


class CudaError(Finding):
    """libcuda fails with a CUresult that has no entry of its own here."""

    code = "cuda-error"
    says = "libcuda fails with error {status}"
    steps = (f"{LOOK}, or reboot",)
    status: int
