"""What nvidia-smi says of one card or of this user, each with a remedy of its own.

Codes: nvmlReturn_t (https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html).
"""

from probe.finding import Finding
from probe.findings.nvidia_steps import DRIVER_MODEL, IN_WSL, LOOK
from probe.frozen_record import replace
from probe.steps import Command

RESET = Command(
    run="nvidia-smi --gpu-reset -i {card}", root=True, does="end what uses it, then reset it"
)
# https://github.com/NVIDIA/nvidia-container-toolkit/issues/33
DEVICES = Command(
    run="setsebool -P container_use_devices on", root=True, on="the host", note="SELinux"
)


class NoPermission(Finding):
    """This user, or this container, may not talk to the driver (NVML_ERROR_NO_PERMISSION)."""

    code = "nvidia-no-permission"
    says = "nvidia-smi may not talk to NVIDIA's driver"
    steps = (
        "see who may: ls -l /dev/nvidia*",
        Command(
            run="dmesg | grep -i denied",
            root=True,
            does="where all may, SELinux or AppArmor is in the way",
            otherwise="where all may, SELinux or AppArmor is in the way",
        ),
    )
    in_container = (
        "start it with --security-opt label=disable (SELinux keeps containers from devices)",
        replace(DEVICES, does="or"),
    )
    in_pod = (DEVICES,)
    in_lxc = ("its host gives it the device nodes, and lets it open them",)
    in_wsl = IN_WSL


class PowerCables(Finding):
    """The card lacks power (NVML_ERROR_INSUFFICIENT_POWER)."""

    code = "nvidia-power-cables"
    says = "its power cables are not properly attached"
    steps = ("switch the machine off", "attach all power cables of the card")
    in_container = ("switch the host off", "attach all power cables of the card")


class RequiresReset(Finding):
    """The card needs a reset before it can be used again (NVML_ERROR_RESET_REQUIRED)."""

    code = "nvidia-requires-reset"
    says = "the GPU requires a reset"
    steps = (RESET, "or reboot")
    in_container = (RESET, "or reboot the host")
    card: str = "N"  # index, UUID or address, as nvidia-smi takes them


class NoHandle(Finding):
    """nvidia-smi gets no handle of this card; the others go on."""

    code = "nvidia-no-handle"
    says = "nvidia-smi gets no handle of it (unknown error)"
    steps = (
        LOOK,
        RESET,
        "or reboot; if it happens again, check its seat, power and cooling",
    )
    in_container = (
        LOOK,
        RESET,
        "or reboot the host; if it happens again, check its seat, power and cooling",
    )
    in_wsl = DRIVER_MODEL
    card: str


class WindowsDriver(Finding):
    """Under WSL2 nvidia-smi does not reach the driver, which is Windows's."""

    code = "nvidia-windows-driver"
    says = "NVIDIA's driver of Windows does not answer in WSL2"
    steps = IN_WSL


class VgpuWithoutCuda(Finding):
    """A virtual GPU whose profile is for pictures only."""

    code = "nvidia-vgpu-without-cuda"
    says = "this virtual GPU's profile ({profile}) has no CUDA"
    # https://docs.nvidia.com/vgpu/latest/grid-vgpu-user-guide/index.html
    steps = ("have the virtual machine given a Q or C profile of the card",)
    profile: str
