"""What is in the way on the machine as a whole."""

from probe.finding import Finding, Place, Steps
from probe.findings.nvidia_steps import IN_POD, IN_WSL, IN_WSL1, START
from probe.machine.variables import DEBUG


class WindowsWithoutWsl(Finding):
    """The probe runs in Windows itself."""

    code = "windows-without-wsl"
    says = "the containers are Linux's: run this inside WSL2 (wsl --install)"


class MacWithoutBuild(Finding):
    """A Mac with a processor that torch has no build for any more."""

    code = "mac-without-build"
    says = (
        "torch has no build for macOS on {arch} any more; the CPU image runs in a container all "
        "the same"
    )
    arch: str


class SystemWithoutBuild(Finding):
    """An operating system that torch has no build for."""

    code = "system-without-build"
    says = "torch has no build for {os}: the containers want Linux"
    os: str


class ProcessorWithoutBuild(Finding):
    """A machine architecture that torch has no build for."""

    code = "processor-without-build"
    says = "torch has no build for {arch}: use a machine of {served}"
    arch: str
    architectures: tuple[str, ...]

    @property
    def served(self) -> str:
        """The architectures with builds."""
        return " or ".join(self.architectures)


class WslWithoutDriver(Finding):
    """WSL2 has a GPU's node and no driver of NVIDIA's answers."""

    code = "wsl-without-driver"
    says = (
        "Windows hands a GPU over (/dev/dxg) and no driver of NVIDIA's answers; no build of torch "
        "here serves other makers' under WSL2, nor AMD's by ROCDXG"
    )
    steps = IN_WSL


class WslOneHasNoGpu(Finding):
    """WSL1 translates calls of Linux to Windows: there is no kernel, and no GPU."""

    code = "wsl1-without-gpu"
    says = "this is WSL1, which hands no GPU over"
    steps = IN_WSL1


class WslContainerWithoutGpu(Finding):
    """A container under WSL2 that was given no GPU."""

    code = "wsl-container-without-gpu"
    says = "no GPU is visible in this container; if there is one"
    steps = (START,)


class SandboxWithoutGpu(Finding):
    """A Snap or a Flatpak, which sees the devices that its packer gave it."""

    code = "sandbox-without-gpu"
    says = "this runs in a {kind}, which may keep a GPU from it"
    steps = ("run the probe outside of it, in a plain terminal",)
    kind: str  # Snap, Flatpak


class JetsonWithoutGpu(Finding):
    """A Jetson whose driver shows no GPU."""

    code = "jetson-without-gpu"
    says = "nothing shows this Jetson's GPU"
    steps = ("{mends}",)
    in_container = ("start it with --runtime nvidia", "if its host sees no GPU either: {mends}")
    in_pod = (IN_POD,)
    in_lxc = ("{mends}",)
    mends: str


class SilentTool(Finding):
    """A vendor's tool is installed, failed, and no card of its maker was found; `said` is its
    complaint."""

    code = "tool-failed-without-gpu"
    says = "{tool}: {said}"
    steps = ("if there is an {maker} GPU, mend its driver",)
    in_container = ("if there is an {maker} GPU, give it to this container",)
    in_lxc = ("if there is an {maker} GPU, have this container's host give it the device nodes",)
    in_wsl = ("if there is an {maker} GPU, mend its driver in Windows",)
    tool: str
    said: str
    maker: str


class SilentToolExplained(Finding):
    """The same, where the tool's exit code says why; `why` has a code of its own."""

    code = "tool-failed-without-gpu-explained"
    says = "{tool}: {said} ({why})"
    steps = ("if there is an NVIDIA GPU: {remedy of why}",)
    tool: str
    said: str
    why: Finding

    def remedy(self, place: Place) -> Steps:
        """The remedy of ``why``, should there be a GPU; what stands in ``steps`` is its form."""
        steps = self.why.remedy(place)
        return tuple(f"if there is an NVIDIA GPU: {step}" for step in steps[:1]) + steps[1:]


class ProbeDefect(Finding):
    """A probe failed itself, which says nothing of the hardware; `said` is its error."""

    code = "probe-defect"
    says = "the probe {probe} {said}"
    steps = (f"a defect of this program: please report it ({DEBUG}=1 shows where)",)
    probe: str
    said: str
