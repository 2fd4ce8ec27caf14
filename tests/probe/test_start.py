"""The whole start of the probe: the bound on its time is kept by importing little."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Each takes milliseconds to import; together they were more than half of the probe's time.
SLOW = {
    *("ast", "dataclasses", "inspect"),  # probe.frozen_record does instead
    *("importlib.metadata", "pathlib", "shutil", "subprocess", "tempfile", "tomllib"),
    *("asyncio", "concurrent.futures", "email", "http", "logging", "socket", "urllib.parse"),
}
# What the tools' answers are read and judged with is loaded while they are at work.
LATER = {
    *(
        "json",
        "probe.foreign_json",
        "probe.machine.command",
        "probe.machine.process",
        "probe.tables.builds",
        "probe.decide.choose",
        "probe.detect.collect",
        "probe.findings.advice",
        "probe.findings.nvidia",
        "probe.report.schema",
        "probe.tables.generated",
    ),
    *(
        "probe.detect.parse.amd_smi",
        "probe.detect.parse.libcuda",
        "probe.detect.parse.rocm_smi",
        "probe.detect.parse.rocminfo",
    ),
}
CHILD = """
import sys, threading
sys.path.insert(0, sys.argv[1])
at_start = set(sys.modules)  # what the environment's .pth files import is not the probe's
before_tools = []
start = threading.Thread.start
def watched(thread):
    before_tools.append(sorted(sys.modules))
    start(thread)
threading.Thread.start = watched
from alternator.cli import run
sys.stdout = sys.stderr
assert run("probe", "probe.cli:probe", ["--json"]) == 0
modules = [name for name in sys.modules if name not in at_start]
import json
json.dump({"before_tools": before_tools[0], "in_all": modules}, sys.__stdout__)
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> dict[str, list[str]]:
    """The modules that a run imports: before it starts the tools, and in all."""
    empty = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        (sys.executable, "-c", CHILD, str(ROOT)),
        env={"PATH": str(empty), "HOME": str(empty)},
        cwd=empty,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr)["schema"] == 1
    modules: dict[str, list[str]] = json.loads(done.stdout)
    return modules


def test_nothing_but_the_standard_library(imported):
    packages = {name.partition(".")[0] for name in imported["in_all"]}
    assert {"probe", "json"} <= packages
    assert packages - set(sys.stdlib_module_names) == {"probe", "alternator"}


def test_nothing_slow(imported):
    assert not SLOW & set(imported["in_all"])


def test_what_decides_comes_after_the_tools_are_started(imported):
    assert not LATER & set(imported["before_tools"])
    assert "probe.decide.choose" in imported["in_all"]
