"""How the proof of a device failed. They travel as JSON: from the child, and in the state."""

from collections.abc import Mapping

from probe.finding import KINDS, Finding

Scalar = str | int | float | None


class ProofFinding(Finding):
    """Base of the kinds. ``lasting``: the failure is the hardware's or the build's and would come
    again, so it is remembered."""

    lasting = False


class TorchSeesNoGpu(ProofFinding):
    """PyTorch works and says that there is no GPU."""

    code = "torch-sees-no-gpu"
    says = "PyTorch sees no GPU (torch.cuda.is_available())"


class WrongProduct(ProofFinding):
    """A matrix product differs from the CPU's; `off` is a part of the largest element."""

    code = "wrong-product"
    says = "a wrong matrix product: off by {off:.3g}"
    lasting = True
    off: float


class WrongEncoder(ProofFinding):
    """The result of a Whisper encoder differs from the CPU's."""

    code = "wrong-encoder"
    says = "a wrong result of Whisper's encoder: off by {off:.3g}"
    lasting = True
    off: float


class WrongDecoder(ProofFinding):
    """The result of a Whisper decoder differs from the CPU's."""

    code = "wrong-decoder"
    says = "a wrong result of Whisper's decoder: off by {off:.3g}"
    lasting = True
    off: float


class WrongOperation(ProofFinding):
    """An operation that the engine uses differs from the CPU's."""

    code = "wrong-operation"
    says = "a wrong result of {operation}: off by {off:.3g}"
    lasting = True
    operation: str
    off: float


class OperationFailed(ProofFinding):
    """PyTorch raised an error at an operation that the engine uses: the build has no such kernel,
    or the memory was taken."""

    code = "operation-failed"
    says = "{operation} failed: {error}: {message}"
    operation: str
    error: str  # its class
    message: str  # the first line


class LibraryLeftOut(ProofFinding):
    """A GPU library was called that the lean CUDA image leaves out. The complete image has it, so
    this is not remembered."""

    code = "library-left-out"
    says = "{line}"
    line: str  # what the library's stub said: its function, its name and the remedy


class TorchFailed(ProofFinding):
    """PyTorch raised an error."""

    code = "torch-failed"
    says = "{error}: {message}"
    error: str  # its class
    message: str  # the first line


class ProofCrashed(ProofFinding):
    """The computing process died of a signal."""

    code = "proof-crashed"
    says = "{how}"
    lasting = True
    how: str


class ProofCut(ProofFinding):
    """The computing process could not be started, took too long or printed without end."""

    code = "proof-cut-off"
    says = "{how}"
    how: str


class ProofSilent(ProofFinding):
    """The computing process ended without saying that all was right."""

    code = "proof-without-answer"
    says = "the proof ended with exit code {exit}: {last_line}"
    exit: int | None
    last_line: str


def to_json(finding: ProofFinding) -> dict[str, Scalar]:
    """The finding's code and data."""
    return {"code": finding.code, **vars(finding)}


def from_json(data: object) -> ProofFinding | None:
    """The finding of ``to_json``; None for anything else."""
    if not isinstance(data, Mapping):
        return None
    values = {str(name): value for name, value in data.items()}
    kind = KINDS.get(str(values.pop("code", "")))
    if kind is None or not issubclass(kind, ProofFinding):
        return None
    types = kind.__annotations__
    if values.keys() != types.keys():
        return None
    fits = all(isinstance(value, types[name]) for name, value in values.items())
    return kind(**values) if fits else None
