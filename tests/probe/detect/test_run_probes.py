"""All probes at once, within one bound, whatever one of them does."""

import threading
import time

import pytest

from probe.detect.probe_result import Context, ProbeResult
from probe.detect.run_probes import PROBES, RunningProbes


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("/bin/cat {answer}; exec /bin/sleep 60", id="prints, then hangs"),
        pytest.param("/bin/sleep 60 & /bin/sleep 60", id="forks and hangs"),
        pytest.param("trap '' TERM; while :; do /bin/sleep 1; done", id="ignores signals"),
    ],
)
def test_a_hanging_tool_is_answered_within_its_bound(machine, script):
    machine.nvidia()
    machine.tool("nvidia-smi", script.format(answer=machine.tools / "nvidia-smi.txt"))
    machine.tool("rocm-smi", "exec /bin/sleep 60")
    machine.tool("rocminfo", "exec /bin/sleep 60")
    started = time.monotonic()
    facts = machine.facts(timeout_s=0.5)
    assert time.monotonic() - started < 5
    assert facts.gpus == ()
    hung = {line.probe: line.why for line in facts.trace if line.command}
    assert hung.pop("amd-smi") == "not installed"
    assert set(hung.values()) == {"no answer within 0.5 s"}


def test_a_tool_that_leaves_a_child_behind_has_answered(machine):
    machine.nvidia()
    machine.tool("nvidia-smi", f"/bin/sleep 60 &\n/bin/cat {machine.tools}/nvidia-smi.txt")
    started = time.monotonic()
    assert len(machine.facts().gpus) == 1
    assert time.monotonic() - started < 4


def test_a_probe_that_raises_is_a_result(machine, monkeypatch):
    def broken(context):
        raise RuntimeError("boom")

    monkeypatch.setitem(PROBES, "kfd", broken)
    machine.nvidia()
    facts = machine.facts()
    assert len(facts.gpus) == 1
    assert [t.why for t in facts.trace if t.probe == "kfd"] == ["failed: RuntimeError: boom"]


def test_the_error_of_a_probe_that_raises_is_kept(machine, monkeypatch):
    boom = RuntimeError("boom")

    def broken(context):
        raise boom

    monkeypatch.setitem(PROBES, "nvidia-smi", broken)
    running = RunningProbes(Context(machine=machine.machine(), timeout_s=5.0))
    running.results()
    assert running.defects() == [("nvidia-smi", boom)]
    assert boom.__traceback__ is not None


def test_results_come_in_the_order_of_trust(machine):
    results = RunningProbes(Context(machine=machine.machine(), timeout_s=5.0)).results()
    assert [*results] == [*PROBES]


def test_a_probe_that_comes_too_late_is_left_behind(machine, monkeypatch):
    never = threading.Event()

    def late(context):
        never.wait()
        return ProbeResult(trace=())

    monkeypatch.setitem(PROBES, "drm", late)
    started = time.monotonic()
    results = RunningProbes(Context(machine=machine.machine(), timeout_s=0.2)).results()
    never.set()
    assert time.monotonic() - started < 5
    assert [line.why for line in results["drm"].trace] == ["no answer within 0.2 s"]
    assert results["pci"].trace[0].why is None
