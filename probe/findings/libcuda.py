"""What NVIDIA's driver library says of a GPU that can't be used.

Its answers are CUresult (https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html).
"""

# size: a table of words: one class for each answer of libcuda

from probe.finding import Finding
from probe.findings.nvidia_steps import GIVE, IN_LXC, IN_POD, IN_WSL, LOOK, START, UPDATED
from probe.steps import Command, Template


class LibcudaNotInContainer(Finding):
    """A container without the driver's library, which PyTorch loads."""

    code = "libcuda-not-in-container"
    says = "libcuda.so.1 is not in this container"
    steps = (START, "if it was, NVIDIA_DRIVER_CAPABILITIES must hold compute")
    # https://cloud.google.com/kubernetes-engine/docs/how-to/gpus ("About the CUDA libraries")
    in_pod = (
        IN_POD,
        "if it has one, NVIDIA_DRIVER_CAPABILITIES must hold compute",
        "on GKE the library needs LD_LIBRARY_PATH=/usr/local/nvidia/lib64 in the pod",
    )
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


class LoaderFault(Finding):
    """Base of what may be about this process's loader alone; ``outside`` mends it for programs
    outside of containers."""

    outside = ""


STUBS = "take the toolkit's stubs directory out of LD_LIBRARY_PATH"
COMPAT = "take CUDA's compat directory out of LD_LIBRARY_PATH and /etc/ld.so.conf.d, then ldconfig"


class LibcudaStub(LoaderFault):
    """The toolkit's stand-in for building was loaded (CUDA_ERROR_STUB_LIBRARY)."""

    code = "libcuda-stub"
    says = "libcuda is the toolkit's stub, not the driver's"
    steps = (STUBS,)
    outside = STUBS
    # The container toolkit mounts the driver's libraries where the host has them: Arch Linux in
    # /usr/lib, which a loader of Debian looks into last
    # (https://github.com/NVIDIA/nvidia-container-toolkit/issues/1246).
    in_container = (
        STUBS,
        (
            "if it is not there, put the folder of the driver's own first, which find / -name "
            "'libcuda.so.*' shows; with a host of Arch Linux LD_LIBRARY_PATH=/usr/lib"
        ),
    )


class InExclusiveUse(Finding):
    """The compute mode lets no further process in (CUDA_ERROR_DEVICE_UNAVAILABLE)."""

    code = "cuda-in-exclusive-use"
    says = "the GPU is in use by another process alone, or prohibited"
    steps = (Command(run="nvidia-smi -c 0", root=True, does="let processes share it"),)


class LibcudaNoDevice(LoaderFault):
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
    outside = (
        "remove the packages of a Linux driver (libnvidia-compute and its like) from this "
        "distribution; WSL's own libcuda is in /usr/lib/wsl/lib"
    )


NOT_READY = "the machine's GPUs are not ready yet"
FABRIC: Template = (
    Command(
        run="systemctl start nvidia-fabricmanager",
        root=True,
        does="start NVIDIA's fabric manager",
        note="no such unit: install nvidia-fabricmanager, of the driver's version",
        otherwise="start NVIDIA's fabric manager, of the driver's version",
    ),
    Command(run="nvidia-smi -q | grep -A 2 Fabric", does="where it runs, see what the fabric says"),
)


class NotReady(Finding):
    """The machine's GPUs wait for their fabric (CUDA_ERROR_SYSTEM_NOT_READY)."""

    code = "cuda-system-not-ready"
    says = NOT_READY
    steps = FABRIC


class NvlinkNotReady(Finding):
    """The same of servers whose switches are behind InfiniBand's driver: without its modules the
    fabric manager finds none (https://github.com/NVIDIA/gpu-operator/issues/2781)."""

    code = "cuda-nvlink-not-ready"
    says = NOT_READY
    steps = (
        Command(
            run="modprobe -a ib_umad mlx5_ib",
            root=True,
            does=(
                "load what the fabric manager reaches this machine's switches by (Ubuntu: in "
                "linux-modules-extra)"
            ),
            otherwise="its kernel needs the modules ib_umad and mlx5_ib, loaded",
        ),
        *FABRIC,
    )
    in_wsl = IN_WSL


class RackNotReady(Finding):
    """The same of a rack's nodes, whose fabric manager runs on its switches
    (https://docs.nvidia.com/multi-node-nvlink-systems/mnnvl-user-guide/overview.html)."""

    code = "cuda-rack-not-ready"
    says = NOT_READY
    steps = (
        Command(run="nvidia-smi -q | grep -A 2 Fabric", does="see what the fabric says"),
        "in a rack of GB200 or GB300 its switches bring the fabric up, not this machine: see there",
    )


class VgpuUnavailable(Finding):
    """A virtual GPU lets nobody compute: as a rule it has no licence, which the driver asks for
    some minutes after it was started (https://github.com/Azure/AKS/issues/4870)."""

    code = "cuda-vgpu-unavailable"
    says = "CUDA may not use this virtual GPU ({profile}): as a rule its licence is missing"
    # https://docs.nvidia.com/vgpu/latest/grid-licensing-user-guide/index.html
    steps = (
        Command(run="nvidia-smi -q | grep -i license", does="see whether it has one"),
        Command(
            run="systemctl restart nvidia-gridd",
            root=True,
            does="if not, ask for it again, once /etc/nvidia/ClientConfigToken has its token",
        ),
        Command(
            run="nvidia-smi -q -d COMPUTE",
            does="if it has one, see whether another process may hold the GPU alone",
        ),
    )
    profile: str


class NotSetReady(Finding):
    """The same in a confidential virtual machine: its GPUs wait to be set ready."""

    code = "cuda-confidential-not-ready"
    says = "the GPUs of this confidential virtual machine are not set ready"
    # https://github.com/NVIDIA/nvtrust, Confidential Computing Deployment Guide
    steps = (
        Command(
            run="nvidia-smi conf-compute -srs 1",
            root=True,
            does="after their attestation",
            otherwise="set them ready after their attestation",
        ),
    )
    in_container = ("outside of containers, once attested: sudo nvidia-smi conf-compute -srs 1",)


class MpsNotReached(Finding):
    """CUDA is to go through NVIDIA's Multi-Process Service, which does not answer (CUresult 805 to
    807 and 810: connection, call, server not ready, client ended)."""

    code = "cuda-mps-not-reached"
    says = "CUDA does not reach NVIDIA's MPS daemon (error {status})"
    # https://docs.nvidia.com/deploy/mps/
    steps = (
        Command(run="nvidia-cuda-mps-control -d", does="start it"),
        "or do without: end the daemon, and unset CUDA_MPS_PIPE_DIRECTORY",
    )
    in_container = (
        (
            "start it with --ipc=host and the daemon's pipe directory, as a rule "
            "-v /tmp/nvidia-mps:/tmp/nvidia-mps (CUDA_MPS_PIPE_DIRECTORY)"
        ),
        Command(run="nvidia-cuda-mps-control -d", does="start the daemon", on="the host"),
    )
    in_pod = ("share the GPU by the device plugin (sharing.mps), which mounts MPS's pipes",)
    in_lxc = (
        "start MPS's daemon in here, or have its pipe directory mounted, as a rule /tmp/nvidia-mps",
    )
    status: int


class MpsFull(Finding):
    """MPS takes no more clients or connections (CUresult 808, 809)."""

    code = "cuda-mps-full"
    says = "NVIDIA's MPS takes no more clients (error {status})"
    steps = ("end other programs that use the GPU", "or start MPS's daemon anew")
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

    @property
    def mends(self) -> str:
        """What mends the host's loader."""
        return self.why.outside if isinstance(self.why, LoaderFault) else ""


class LibcudaNotAwaited(Finding):
    """nvidia-smi answers, and libcuda was still at work when its time was up: CUDA may hang on the
    card (https://github.com/NVIDIA/open-gpu-kernel-modules/issues/979)."""

    code = "libcuda-not-awaited"
    says = (
        "nvidia-smi answers, and libcuda did not in its time: CUDA may hang on this machine; the "
        "proof at start decides"
    )
    steps = (LOOK,)


class DriverMismatch(LoaderFault):
    """libcuda and kernel driver differ (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)."""

    code = "cuda-driver-mismatch"
    says = "libcuda and NVIDIA's kernel driver have different versions"
    outside = COMPAT
    steps = (UPDATED,)
    in_container = (
        "take CUDA's compat directory out of LD_LIBRARY_PATH, if the image has one",
        "start this container again",
        "if that does not help, reboot the host: its driver was updated under a running kernel",
    )
    in_wsl = IN_WSL


class CompatNotSupported(LoaderFault):
    """A compatibility package on a card that it does not serve
    (CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE)."""

    code = "cuda-compat-not-supported"
    says = "this image's CUDA compatibility library does not serve this GPU"
    outside = COMPAT
    steps = ("take its compat directory out of LD_LIBRARY_PATH, or update the driver",)


class CudaUnknownError(Finding):
    """libcuda has no word for what is wrong (CUDA_ERROR_UNKNOWN)."""

    code = "cuda-unknown-error"
    says = "libcuda meets an unknown error"
    # After suspend and hibernation the module is there and broken, until it is loaded anew
    # (https://docs.ollama.com/gpu, "Laptop Suspend Resume").
    steps = (
        Command(
            run="modprobe -r nvidia_uvm",
            root=True,
            does="if the machine slept, end what uses the GPU and unload nvidia_uvm",
        ),
        Command(run="modprobe nvidia_uvm", root=True, does="load the module"),
        "then start the container again, or reboot",
    )
    in_wsl = IN_WSL
    # nvidia-uvm's nodes and their number are made when the host first needs them; an LXC that
    # started before has none, or old ones (https://github.com/games-on-whales/wolf/pull/361).
    in_lxc = (
        Command(
            run="nvidia-modprobe -u -c 0",
            root=True,
            does="at each boot, before this LXC starts",
        ),
        "then start this LXC again: nvidia-uvm must be given to it as well",
    )


class CudaError(Finding):
    """libcuda fails with a CUresult that has no entry of its own here."""

    code = "cuda-error"
    says = "libcuda fails with error {status}"
    steps = (LOOK, "or reboot")
    status: int
