"""All probes at once, within one bound, whatever one of them does."""

import threading
import time

import pytest

from probe.detect.probe_result import Context, ProbeResult
from probe.detect.run_probes import PROBES, RunningProbes, start_probes
from probe.machine.this_machine import Machine as ProbedMachine
from probe.machine.variables import TIMEOUT


@pytest.mark.parametrize(
    "script",
    [
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


def test_rows_that_came_before_a_hang_count(machine):
    """The last one may have been cut off in the middle: it does not."""
    machine.nvidia()
    machine.tool(
        "nvidia-smi",
        f"/bin/cat {machine.tools}/nvidia-smi.txt; printf '1, GPU-b, NVIDIA X, 580.95.05, 245'\n"
        "exec /bin/sleep 60",
    )
    facts = machine.facts(timeout_s=0.5)
    assert [(gpu.index, gpu.state) for gpu in facts.gpus] == [(0, "accessible")]
    (line,) = (line for line in facts.trace if line.probe == "nvidia-smi")
    assert (line.code, line.found) == ("timeout", 1)


def waiting_probes(machine, patience_s, timeout_s=0.3):
    """Probes with little usual time and some patience, and what they tell."""
    told: list[str] = []
    context = Context(machine=machine.machine(), timeout_s=timeout_s, patience_s=patience_s)
    return RunningProbes(context, told.append), told


def test_a_slow_nvidia_smi_is_waited_for_where_its_drivers_nodes_are(machine):
    """Cards without persistence mode: the answer comes after the usual bound."""
    machine.nvidia()
    machine.nvidia_nodes()
    answer = machine.tools / "nvidia-smi.txt"
    machine.tool("nvidia-smi", f"/bin/sleep 1; exec /bin/cat {answer}")
    running, told = waiting_probes(machine, 30)
    found = running.results()["nvidia-smi"]
    assert len(found.sightings) == 1
    assert found.trace[0].ms >= 1000
    (line,) = told
    assert "nvidia-smi" in line
    assert "ALTERNATOR_PROBE_TIMEOUT" in line


def test_it_is_not_waited_for_where_no_driver_is(machine):
    machine.tool("nvidia-smi", "exec /bin/sleep 60")
    running, told = waiting_probes(machine, 30)
    started = time.monotonic()
    assert running.results()["nvidia-smi"].trace[0].code == "timeout"
    assert time.monotonic() - started < 5
    assert told == []


def test_the_wait_has_an_end(machine):
    machine.nvidia_nodes()
    machine.tool("nvidia-smi", "exec /bin/sleep 60")
    running, told = waiting_probes(machine, 1.5)
    started = time.monotonic()
    found = running.results()["nvidia-smi"]
    assert 1 < time.monotonic() - started < 10
    assert found.trace[0].code == "timeout"
    assert len(told) == 1


def test_once_nvidia_smi_has_answered_libcuda_is_not_waited_for_any_longer(machine, monkeypatch):
    """The driver is awake: what is still silent then hangs."""
    monkeypatch.setattr("probe.machine.this_machine.LIBCUDA_CHILD", str(machine.tools / "hang.py"))
    (machine.tools / "hang.py").write_text("import time\ntime.sleep(60)\n")
    machine.nvidia()
    machine.nvidia_nodes()
    running, _ = waiting_probes(machine, 30, timeout_s=1.0)
    started = time.monotonic()
    results = running.results()
    assert time.monotonic() - started < 10
    assert len(results["nvidia-smi"].sightings) == 1
    assert results["libcuda"].trace[0].code == "timeout"


def test_the_operators_limit_is_kept_and_the_environments_is_read(machine):
    machine.nvidia_nodes()
    machine.tool("nvidia-smi", "exec /bin/sleep 60")
    for running in (
        start_probes(machine.machine(), flag="0.3"),
        start_probes(ProbedMachine(machine.root, machine.environ | {TIMEOUT: "0.3"})),
    ):
        started = time.monotonic()
        assert running.results()["nvidia-smi"].trace[0].why == "no answer within 0.3 s"
        assert time.monotonic() - started < 5


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
