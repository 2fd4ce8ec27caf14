"""Why a build of torch is not taken for a GPU."""

from probe.finding import Finding


class NoneForPlatform(Finding):
    """The CUDA build is not made for this kind of machine."""

    code = "build-not-for-platform"
    says = "there is none for {platform}"
    platform: str


class NoRocmForPlatform(Finding):
    """The ROCm build is not made for this kind of machine."""

    code = "rocm-build-not-for-platform"
    says = "there is no ROCm build of torch for {platform}"
    platform: str


class DriverTooOld(Finding):
    """The build needs a newer driver."""

    code = "driver-too-old"
    says = "driver {driver} is older than {floor}"
    driver: str
    floor: str


class DriverUnknown(Finding):
    """Nothing tells the version of the driver, and the build needs one of some age."""

    code = "driver-unknown"
    says = "the driver's version is not known; {floor} is needed"
    floor: str


class CapabilityUnknown(Finding):
    """Nothing tells what code an NVIDIA card runs."""

    code = "compute-capability-unknown"
    says = "the compute capability of {name} is not known"
    name: str


class GfxUnknown(Finding):
    """Nothing tells what code an AMD card runs."""

    code = "gfx-unknown"
    says = "the gfx target of {name} is not known"
    name: str


class NoCodeForCapability(Finding):
    """The build holds no machine code for the card."""

    code = "no-code-for-compute-capability"
    says = "no code for compute capability {capability}"
    capability: str


class NoCodeForGfx(Finding):
    """The build holds no machine code for the card."""

    code = "no-code-for-gfx"
    says = "no code for {gfx}"
    gfx: str


class NoKernels(Finding):
    """The build holds code for the card and its BLAS library does not."""

    code = "no-rocblas-kernels"
    says = "rocBLAS has no kernels for {gfx}: the first matrix product would abort"
    gfx: str


class Experimental(Finding):
    """The build fits and is not yet one to rely on."""

    code = "build-experimental"
    says = "experimental for torch {line}"
    line: str


class Retired(Finding):
    """The build fits and gets no fixes any more; it is taken only when asked for."""

    code = "build-retired"
    says = "{reason}; --torch {line} takes it"
    reason: str
    line: str


class NotTaken(Finding):
    """Builds run on the card, and none of them is one to take unasked."""

    code = "no-build-taken"
    says = "nothing fits"


class ProofFailed(Finding):
    """The build was chosen and the card did not compute with it; `why` has a code of its own."""

    code = "proof-failed"
    says = "the proof failed on {name}: {why}"
    name: str
    why: Finding
