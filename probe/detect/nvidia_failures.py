"""What NVIDIA's tools mean by the code that they fail with, as findings."""

from probe.detect.evidence import Evidence
from probe.facts import Host, Sighting
from probe.finding import Finding
from probe.findings import libcuda, nvidia, nvidia_faults

# nvidia-smi exits with NVML's codes, nvmlReturn_t
# (https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html); 231 is 999, cut to a byte.
SMI_FAILURES: dict[int, Finding] = {
    4: nvidia_faults.NoPermission(),
    6: nvidia.NoDevice(),
    8: nvidia_faults.PowerCables(),
    9: nvidia.DriverNotLoaded(),
    12: nvidia.ManagementLibraryMissing(),
    15: nvidia.GpuLost(),
    16: nvidia_faults.RequiresReset(),
    17: nvidia.Blocked(),
    18: nvidia.LibraryMismatch(),
    231: nvidia.DriverUnknownError(),
    255: nvidia.DriverUnknownError(),
}
# The card was there and can't be used until something is done about it.
DEAD = (8, 15, 16, 18, 231, 255)
NO_DEVICE, NOT_LOADED, NO_PERMISSION, MISMATCH = 6, 9, 4, 18
RESET_REQUIRED, NO_HANDLE = 16, 255
UNKNOWN = (231, NO_HANDLE)

# CUresult of cuInit (https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html).
CUDA_FAILURES: dict[int, Finding] = {
    34: libcuda.LibcudaStub(),
    46: libcuda.InExclusiveUse(),
    100: libcuda.LibcudaNoDevice(),
    802: libcuda.NotReady(),
    803: libcuda.DriverMismatch(),
    804: libcuda.CompatNotSupported(),
    **{status: libcuda.MpsNotReached(status=status) for status in (805, 806, 807, 810)},
    **{status: libcuda.MpsFull(status=status) for status in (808, 809)},
    999: libcuda.CudaUnknownError(),
}
NOT_READY, CUDA_NO_DEVICE, CUDA_MISMATCH, CUDA_UNAVAILABLE = 802, 100, 803, 46
# Compute capability 10.x, whose servers join their GPUs by NVLink of the fifth generation: HGX B200
# and B300 with x86, the racks of GB200 and GB300 with ARM.
NVLINK_5 = 10
# What is only about the loader of the host that asked: no container inherits its LD_LIBRARY_PATH
# and its packages. Each is a ``libcuda.LoaderFault``.
LOADER = (34, 803, 804)
# Under WSL2 also this: a driver package of Linux hides WSL's own library, which is Windows's
# (https://docs.nvidia.com/cuda/wsl-user-guide/).
WSL_LOADER = (*LOADER, CUDA_NO_DEVICE)


def smi_failure(code: int | None, host: Host) -> Finding | None:
    """What an exit code of nvidia-smi means on this kind of machine; None where it has no entry."""
    if code == NOT_LOADED and host.wsl:
        return nvidia_faults.WindowsDriver()
    if code == NOT_LOADED and host.where.machine == "vm":
        return nvidia.DriverNotLoaded(virtual=True)
    return SMI_FAILURES.get(code or 0)


def cuda_failure(evidence: Evidence, card: Sighting | None = None) -> Finding:
    """What libcuda's error means, of this card."""
    status = (evidence.cuda.status if evidence.cuda else None) or 0
    if status == NOT_READY and evidence.confidential:
        return libcuda.NotSetReady()
    major = card.compute_capability[0] if card is not None and card.compute_capability else 0
    if status == NOT_READY and major == NVLINK_5:
        switches = evidence.host.arch == "aarch64"
        return libcuda.RackNotReady() if switches else libcuda.NvlinkNotReady()
    if status == CUDA_UNAVAILABLE and card is not None and card.vgpu is not None:
        return libcuda.VgpuUnavailable(profile=card.vgpu)
    if status == CUDA_MISMATCH and evidence.smi_exit == MISMATCH:
        # Both libraries differ from the module, and no compat directory has nvidia-smi's.
        return nvidia.LibraryMismatch()
    if status == CUDA_NO_DEVICE and evidence.host.container and evidence.smi_exit in UNKNOWN:
        # The nodes are there, and the container's device rules let nobody open them: libcuda finds
        # no device, and nvidia-smi at least an error.
        return nvidia.DriverUnknownError()
    return CUDA_FAILURES.get(status) or libcuda.CudaError(status=status)


def about_the_loader(evidence: Evidence) -> bool:
    """Whether libcuda's error is only about the host's loader."""
    status, host = evidence.cuda.status if evidence.cuda else None, evidence.host
    return not host.container and status in (WSL_LOADER if host.wsl else LOADER)
