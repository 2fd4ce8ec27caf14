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
    steps = (
        "start NVIDIA's fabric manager: sudo systemctl start nvidia-fabricmanager",
        "where it runs, see what the fabric says: nvidia-smi -q | grep -A 2 Fabric",
    )
    in_container = (
        "on the host: sudo systemctl start nvidia-fabricmanager",
        "where it runs, see what the fabric says: nvidia-smi -q | grep -A 2 Fabric",
    )


class NotSetReady(Finding):
    """The same in a confidential virtual machine: its GPUs wait to be set ready."""

    code = "cuda-confidential-not-ready"
    says = "the GPUs of this confidential virtual machine are not set ready"
    # https://github.com/NVIDIA/nvtrust, Confidential Computing Deployment Guide
    steps = ("after their attestation: sudo nvidia-smi conf-compute -srs 1",)
    in_container = (
        "after their attestation, outside of containers: sudo nvidia-smi conf-compute -srs 1",
    )


class MpsNotReached(Finding):
    """CUDA is to go through NVIDIA's Multi-Process Service, which does not answer (CUresult 805 to
    807 and 810: connection, call, server not ready, client ended)."""

    code = "cuda-mps-not-reached"
    says = "CUDA does not reach NVIDIA's MPS daemon (error {status})"
    # https://docs.nvidia.com/deploy/mps/
    steps = (
        "start it: nvidia-cuda-mps-control -d",
        "or do without: echo quit | nvidia-cuda-mps-control, unset CUDA_MPS_PIPE_DIRECTORY",
    )
    in_container = (
        (
            "start it with --ipc=host and the daemon's pipe directory, as a rule "
            "-v /tmp/nvidia-mps:/tmp/nvidia-mps (CUDA_MPS_PIPE_DIRECTORY)"
        ),
        "on the host: nvidia-cuda-mps-control -d",
    )
    in_pod = ("share the GPU by the device plugin (sharing.mps), which mounts MPS's pipes",)
    status: int


class MpsFull(Finding):
    """MPS takes no more clients or connections (CUresult 808, 809)."""

    code = "cuda-mps-full"
    says = "NVIDIA's MPS takes no more clients (error {status})"
    steps = ("end other programs that use the GPU", "or start the daemon anew")
    in_container = ("end other programs that use the GPU", "or start the daemon anew on the host")
    status: int


class HostLoaderOutvoted(Finding):
    """On a host this process's libcuda fails and nvidia-smi is well: `why` is about the host's
    loader, which no container inherits."""

    code = "host-libcuda-outvoted"
    says = (
        "programs outside of containers can't use the GPU ({why}); containers get the driver's own "
        "library, and nvidia-smi answers"
    )
    steps = ("for programs outside: {mends}",)
    why: Finding
    mends: str


class DriverMismatch(Finding):
    """libcuda and kernel driver differ (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)."""

    code = "cuda-driver-mismatch"
    says = "libcuda and NVIDIA's kernel driver have different versions"
    steps = (UPDATED,)
    in_container = (
        "take CUDA's compat directory out of LD_LIBRARY_PATH, if the image has one",
        "start this container again",
        "if that does not help, reboot the host: its driver was updated under a running kernel",
    )


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
