"""What NVIDIA's driver library says of a GPU that can't be used.

Its answers are CUresult (https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html).
"""

from probe.finding import Finding
from probe.findings.nvidia_steps import GIVE, IN_LXC, IN_POD, IN_WSL, LOOK, START, UPDATED
from probe.steps import Command


class LibcudaNotInContainer(Finding):
    """A container without the driver's library, which PyTorch loads."""

    code = "libcuda-not-in-container"
    says = "libcuda.so.1 is not in this container"
    steps = (START, "if it was, NVIDIA_DRIVER_CAPABILITIES must hold compute")
    in_pod = (IN_POD, "if it has one, NVIDIA_DRIVER_CAPABILITIES must hold compute")
    in_lxc = IN_LXC


class LibcudaWithoutIt(Finding):
    """The driver's library answers and does not reach this card."""

    code = "libcuda-does-not-reach"
    says = "libcuda does not reach it"
    steps = (LOOK,)
    in_container = (GIVE,)
    in_pod = (IN_POD,)
    in_lxc = IN_LXC
    in_wsl = IN_WSL


class LibcudaStub(Finding):
    """The toolkit's stand-in for building was loaded (CUDA_ERROR_STUB_LIBRARY)."""

    code = "libcuda-stub"
    says = "libcuda is the toolkit's stub, not the driver's"
    steps = ("take the toolkit's stubs directory out of LD_LIBRARY_PATH",)


class InExclusiveUse(Finding):
    """The compute mode lets no further process in (CUDA_ERROR_DEVICE_UNAVAILABLE)."""

    code = "cuda-in-exclusive-use"
    says = "the GPU is in use by another process alone, or prohibited"
    steps = (Command(run="nvidia-smi -c 0", root=True, does="let processes share it"),)


class LibcudaNoDevice(Finding):
    """libcuda reaches no device at all (CUDA_ERROR_NO_DEVICE)."""

    code = "cuda-no-device"
    says = "libcuda reaches no device"
    steps = (
        "see what it meets: ls -l /dev/nvidia*",
        Command(run="ldconfig -p | grep libcuda"),
    )
    in_lxc = IN_LXC
    # A driver's package for Linux puts its library before the one of Windows' driver.
    in_wsl = (
        "remove what was installed in here of NVIDIA's driver for Linux",
        *IN_WSL,
    )


class NotReady(Finding):
    """The machine's GPUs wait for their fabric (CUDA_ERROR_SYSTEM_NOT_READY)."""

    code = "cuda-system-not-ready"
    says = "the machine's GPUs are not ready yet"
    steps = (
        Command(
            run="systemctl start nvidia-fabricmanager",
            root=True,
            does="start NVIDIA's fabric manager",
            otherwise="start NVIDIA's fabric manager",
        ),
    )


class DriverMismatch(Finding):
    """libcuda and kernel driver differ (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)."""

    code = "cuda-driver-mismatch"
    says = "libcuda and NVIDIA's kernel driver have different versions"
    steps = (UPDATED, "in a container, start it again")
    in_wsl = IN_WSL


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
        Command(run="modprobe nvidia_uvm", root=True, does="load the module"),
        "then start the container again, or reboot",
    )
    in_wsl = IN_WSL


class CudaError(Finding):
    """libcuda fails with a CUresult that has no entry of its own here."""

    code = "cuda-error"
    says = "libcuda fails with error {status}"
    steps = (LOOK, "or reboot")
    status: int
