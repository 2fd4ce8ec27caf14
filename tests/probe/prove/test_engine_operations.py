"""Each operation of the engine is named where it is missing or wrong; with real torch."""

from types import SimpleNamespace

import pytest

from probe.findings.proof import OperationFailed, WrongOperation, from_json, to_json
from probe.prove import child, engine_operations
from probe.prove.engine_operations import (
    CPU_LAYERS,
    GRAPHS,
    OPERATIONS,
    error_of,
    operations_of,
)
from probe.prove.operands import Operands

torch = pytest.importorskip("torch", reason="torch is not installed here")


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_cpu_agrees_with_itself(name: str) -> None:
    assert error_of(torch, OPERATIONS[name], "cpu", half=False) == 0


@pytest.mark.parametrize("name", OPERATIONS)
def test_half_precision_is_within_the_tolerance(name: str) -> None:
    """As on a GPU: floats in half precision, what must not be in single."""
    assert error_of(torch, OPERATIONS[name], "cpu", half=True) <= engine_operations.TOLERANCE


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_depends_on_what_it_is_given(name: str) -> None:
    """A result that is the same for other numbers would prove nothing."""
    given = Operands(torch, "cpu", half=False)
    given._generator.manual_seed(8)
    with torch.inference_mode():
        other = OPERATIONS[name](given)
        same = OPERATIONS[name](Operands(torch, "cpu", half=False))
    assert torch.isfinite(same).all()
    assert not torch.equal(other, same)


def test_graphs_are_for_gpus_of_nvidia_and_amd() -> None:
    names = dict(operations_of("cuda:1"))
    assert {*names} == {*OPERATIONS, *GRAPHS}
    assert {*dict(operations_of("cpu"))} == {*OPERATIONS, *CPU_LAYERS}
    assert {*dict(operations_of("mps"))} == {*OPERATIONS}


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*_arguments: object) -> None:
        raise NotImplementedError("Could not run 'aten::lstm'\nwith arguments")

    monkeypatch.setattr(torch, "lstm", lacking)
    found = child.wrong_operation(torch, "cpu", half=False)
    assert found == OperationFailed(
        operation="an LSTM", error="NotImplementedError", message="Could not run 'aten::lstm'"
    )
    assert str(found) == "an LSTM failed: NotImplementedError: Could not run 'aten::lstm'"
    assert not found.lasting


def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = torch.nn.functional.layer_norm, []

    def broken(*arguments: object) -> object:
        calls.append(1)
        return real(*arguments) * (1 if len(calls) < 2 else 1.2)

    monkeypatch.setattr(torch.nn.functional, "layer_norm", broken)
    found = child.wrong_operation(torch, "cpu", half=False)
    assert isinstance(found, WrongOperation) and found.operation == "layer norm"
    assert found.off == pytest.approx(0.2, rel=1e-3)
    assert found.lasting
    assert from_json(to_json(found)) == found


def test_no_number_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = SimpleNamespace(gelu_=lambda x: x * float("nan"))
    monkeypatch.setattr(torch.ops, "aten", nothing)
    found = child.wrong_operation(torch, "cpu", half=False)
    assert isinstance(found, WrongOperation) and found.operation == "GELU"


def test_an_error_in_openai_whispers_classes_is_told_by_its_operation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("whisper")

    def lacking(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("no kernel image is available")

    monkeypatch.setattr(torch.nn.functional, "conv1d", lacking)
    found = child.engines_finding(torch, "cpu", {})
    assert isinstance(found, OperationFailed) and found.operation == "a convolution"
