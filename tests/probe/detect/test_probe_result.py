"""What a probe is given to look with, and what it brings home."""

import time

from probe.detect.probe_result import Context, files_result
from probe.facts import Sighting


def test_a_tool_is_run_and_traced(machine):
    machine.tool("rocm-smi", 'printf "\\033[1m$1\\033[0m"; exit 3')
    context = Context(machine=machine.machine(), timeout_s=5.0)
    outcome, trace = context.run("rocm-smi", "--json", timeout_s=5.0)
    assert (outcome.text, outcome.exit) == ("--json", 3)  # nothing in it commands a terminal
    assert (trace.probe, trace.command, trace.exit) == ("rocm-smi", ("rocm-smi", "--json"), 3)


def test_files_that_showed_nothing_are_no_answer():
    nothing = files_result("drm", (), time.monotonic())
    assert (nothing.answered, nothing.tried, nothing.trace[0].found) == (False, False, 0)
    some = files_result("drm", (Sighting(vendor="amd"),), time.monotonic())
    assert (some.answered, some.trace[0].found, some.trace[0].probe) == (True, 1, "drm")
