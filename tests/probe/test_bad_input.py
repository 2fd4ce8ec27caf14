"""The whole probe on whatever tools print and the kernel shows: no traceback, no build in vain."""

import dataclasses
import errno
import json
import os
import threading
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from probe.decide.choice import Question
from probe.decide.choose import choose
from probe.decide.fit import misfit
from probe.detect.collect import collect
from probe.facts import Node
from probe.findings.gpu import NodeClosed
from probe.frozen_record import replace
from probe.machine.files import Tree
from probe.machine.host_software import read_host_software
from probe.machine.outcome import Outcome
from probe.machine.this_machine import Platform
from probe.recordings.matrix import MACHINES
from probe.recordings.recording import RecordedCommand, Recording
from probe.recordings.recording_file import read_recording
from probe.recordings.replay import ReplayMachine
from probe.report.doctor import improvements, improvements_text
from probe.report.schema import report
from probe.report.text import human_text
from probe.tables.builds import load_table

TABLE = load_table()
TOOLS = ("nvidia-smi", "libcuda", "rocm-smi", "amd-smi", "rocminfo")
FILES = (
    "/proc/driver/nvidia/version",
    "/proc/driver/nvidia/gpus/0000:01:00.0/information",
    "/sys/class/kfd/kfd/topology/nodes/1/properties",
    "/sys/class/kfd/kfd/topology/nodes/1/mem_banks/0/properties",
    "/sys/class/drm/card0/device/uevent",
    "/sys/class/drm/card0/device/mem_info_vram_total",
    "/sys/class/drm/card0/device/ip_discovery/die/0/11/0/major",
    "/sys/bus/pci/devices/0000:01:00.0/vendor",
    "/sys/bus/pci/devices/0000:01:00.0/class",
    "/proc/sys/kernel/osrelease",
    "/proc/1/cgroup",
)
NODES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dri/renderD128")
RECORDINGS = {file.stem: read_recording(file) for file in sorted(MACHINES.glob("*.json"))}
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.one_of(
    st.text(max_size=300),
    st.binary(max_size=300).map(lambda data: data.decode("utf-8", errors="replace")),
    st.sampled_from(["", "[", "{", '{"card0": {}}', "GPU 0: ", "Agent 1", "0, GPU-a, , , ,", "\0"]),
)
outcomes = st.builds(
    Outcome,
    exit=st.integers(0, 255),
    ms=st.just(1),
    text=texts,
)
hangs = st.builds(
    Outcome,
    exit=st.none(),
    ms=st.just(5000),
    text=texts,
    failure=st.just("timeout"),
    why=st.just("no answer within 5 s"),
)


def decide(recording):
    """The report, checked for what must hold of every one."""
    facts = collect(machine=ReplayMachine(recording))
    choice = choose(facts, TABLE)
    for gpu in choice.selection.gpus:
        build = TABLE.find(choice.selection.torch.rpartition(".")[0], choice.selection.wheel)
        assert build is not None
        assert misfit(build, gpu, Question(facts=facts, table=TABLE)) is None
        assert gpu.state == "accessible" or isinstance(gpu.why, NodeClosed)
    assert bool(choice.selection.gpus) == (choice.selection.backend != "cpu")
    found = report(facts, choice)
    json.dumps(found)
    if facts.gpus and choice.selection.backend == "cpu":
        assert choice.advice, "a GPU that is not used, and no reason"
    around = read_host_software(ReplayMachine(recording))
    said = human_text(found) + improvements_text(improvements(facts, TABLE, choice, around))
    said.encode()
    assert not set(said) & set(map(chr, (*range(10), *range(11, 32), 127)))
    return found


@FUZZ
@example([("rocm-smi", Outcome(exit=1, ms=1, text="0\t0"))], {}, set(), {})
@example([("rocm-smi", Outcome(exit=1, ms=1, text="0\r0"))], {}, set(), {})
@given(
    st.lists(st.tuples(st.sampled_from(TOOLS), outcomes | hangs), max_size=6),
    st.dictionaries(st.sampled_from(FILES), st.one_of(st.none(), texts), max_size=6),
    st.sets(st.sampled_from(NODES)),
    st.dictionaries(
        st.sampled_from(["CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"]), texts, max_size=2
    ),
)
def test_noise_everywhere(commands, files, nodes, environ):
    recording = Recording(
        platform=Platform(system="linux", arch="x86_64"),
        commands=[RecordedCommand((tool,), outcome) for tool, outcome in commands],
        files=files,
        nodes={path: Node(path=path, group=0, open_to_all=True, usable=True) for path in nodes},
        environ=environ,
    )
    decide(recording)


@FUZZ
@given(st.sampled_from(sorted(RECORDINGS)), st.data())
def test_real_answers_damaged(name, data):
    """Every output of a known machine cut off, and a file or a node of it gone."""
    whole = RECORDINGS[name]
    commands = []
    for command, outcome in whole.commands:
        cut = data.draw(st.integers(0, len(outcome.text)))
        noise = data.draw(st.sampled_from(["", "\0\xff", "\x1b[31m", "NaN", "9" * 400]))
        code = data.draw(st.sampled_from([outcome.exit, 0, 1, 255]))
        damaged = replace(outcome, text=outcome.text[:cut] + noise, exit=code)
        commands.append(RecordedCommand(command, damaged))
    gone = data.draw(st.sets(st.sampled_from(sorted(whole.files) or [""]), max_size=3))
    lost = data.draw(st.sets(st.sampled_from(sorted(whole.nodes) or [""]), max_size=1))
    decide(
        dataclasses.replace(
            whole,
            commands=commands,
            files={path: text for path, text in whole.files.items() if path not in gone},
            nodes={path: node for path, node in whole.nodes.items() if path not in lost},
        )
    )


@pytest.mark.parametrize("code", range(1, 256))
def test_every_exit_code_without_rows_is_no_gpu_to_use(code):
    whole = RECORDINGS["driver-library-mismatch"]
    command, outcome = whole.commands[0]
    failed = RecordedCommand(command, replace(outcome, exit=code, text="???"))
    found = decide(dataclasses.replace(whole, commands=[failed]))
    assert [gpu["state"] for gpu in found["gpus"]] == ["dead"]
    assert found["gpus"][0]["why"]


@pytest.mark.parametrize("tool", ["nvidia-smi", "rocm-smi", "amd-smi", "rocminfo"])
def test_ten_megabytes_are_cut_off(machine, tool):
    answer = machine.tools / "answer"
    answer.write_bytes(b"0, GPU-a, card0: {[\n" * 500_000)
    machine.tool(tool, f"exec /bin/cat {answer}")
    started = time.monotonic()
    facts = machine.facts()
    assert time.monotonic() - started < 10
    assert facts.gpus == ()
    assert "printed more than 1024 KiB" in [line.why for line in facts.trace]


def test_cards_without_end_do_not_take_minutes(machine):
    """Just below what is cut off: every card is compared with every other."""
    machine.printing_tool(
        "rocm-smi", json.dumps({f"card{n}": {"Device ID": "0x744c"} for n in range(25_000)})
    )
    started = time.monotonic()
    facts = machine.facts()
    choice = choose(facts, TABLE)
    assert time.monotonic() - started < 10
    assert 0 < len(facts.gpus) <= 256
    assert choice.selection.wheel == "rocm7.2"


def test_files_that_vanish_while_they_are_read(machine):
    """A card that is unbound and bound again, over and over."""
    machine.nvidia_sysfs()
    device = machine.root / "sys/bus/pci/devices/0000:01:00.0"
    away = device.with_name("gone")
    stop = threading.Event()

    def flicker():
        while not stop.is_set():
            device.rename(away)
            away.rename(device)

    thread = threading.Thread(target=flicker)
    thread.start()
    try:
        found = [machine.report() for _ in range(40)]
    finally:
        stop.set()
        thread.join()
    assert {entry["selection"]["backend"] for entry in found} == {"cpu"}
    whys = {line["why"] for entry in found for line in entry["trace"] if not line["command"]}
    assert not [why for why in whys if why and why.startswith("failed")]


@pytest.mark.parametrize(
    "path",
    [
        "/proc/driver/nvidia/version",
        "/proc/sys/kernel/osrelease",
        "/proc/1/cgroup",
        "/proc/device-tree/compatible",
        "/sys/bus/pci/devices/0000:01:00.0/vendor",
        "/sys/class/kfd/kfd/topology/nodes/7/properties",
    ],
)
def test_a_pipe_in_place_of_a_file_is_not_waited_for(machine, path):
    pipe = machine.root / path.lstrip("/")
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    machine.amd()
    found = []
    # In a thread, so that a read that does block fails this test and not the whole run.
    reader = threading.Thread(target=lambda: found.append(machine.facts()), daemon=True)
    reader.start()
    reader.join(20)
    assert [gpu.gfx for gpu in found[0].gpus] == ["gfx1100"]


def test_a_read_that_blocks_is_left_behind(machine):
    """As in a driver that waits for a card to wake."""
    machine.amd()
    probed, never = machine.machine(), threading.Event()

    class Slow(Tree):
        def read(self, path):
            return never.wait() if path.startswith("/proc/driver") else super().read(path)

    probed.tree = Slow(machine.root)
    started = time.monotonic()
    facts = collect(machine=probed, timeout_s=0.5)
    never.set()
    assert time.monotonic() - started < 5
    assert [gpu.gfx for gpu in facts.gpus] == ["gfx1100"]
    assert [line.why for line in facts.trace if line.probe == "nvidia-proc"] == [
        "no answer within 0.5 s"
    ]


@pytest.mark.parametrize(
    "script",
    [
        "/usr/bin/head -c 10000000 /dev/zero >&2; {rows}",
        "{rows}; /usr/bin/head -c 10000000 /dev/zero >&2",
        "{rows}; /bin/sleep 60 &",
        "{rows}; (while :; do echo more; /bin/sleep 0.005; done) &",
        "{rows}; exec >&- 2>&-",
        'printf "\\033[1mfull of colours\\033[0m\\n"; {rows}',
    ],
)
def test_rows_beside_noise(machine, script):
    """A megabyte of complaints, children that hold the pipe: the rows are there all the same."""
    machine.nvidia()
    rows = f"/bin/cat {machine.tools / 'nvidia-smi.txt'}"
    machine.tool("nvidia-smi", script.format(rows=rows))
    started = time.monotonic()
    report = machine.report()
    assert time.monotonic() - started < 4
    assert report["selection"]["wheel"] == "cu130"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_rows_with_a_byte_order_mark(machine, encoding):
    machine.nvidia()
    answer = machine.tools / "nvidia-smi.txt"
    answer.write_bytes(answer.read_text().replace("\n", "\r\n").encode(encoding))
    assert machine.report()["selection"]["wheel"] == "cu130"


def test_no_threads_to_be_had(machine, monkeypatch):
    """A container's limit of processes counts threads."""

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    machine.amd()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert machine.report()["selection"]["wheel"] == "rocm7.2"


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ENXIO])
@pytest.mark.parametrize("calls", [("open",), ("listdir",), ("open", "listdir", "stat")])
def test_sysfs_that_can_not_be_read(machine, monkeypatch, code, calls):
    """Without permission, on a device that fails, or gone: no traceback, and no GPU to use."""
    machine.amd_sysfs()
    machine.nvidia_sysfs()
    sysfs = str(machine.root / "sys")

    def failing(call):
        def refuse(path, *arguments, **options):
            if str(path).startswith(sysfs):
                raise OSError(code, os.strerror(code), str(path))
            return call(path, *arguments, **options)

        return refuse

    for name in calls:
        monkeypatch.setattr(os, name, failing(getattr(os, name)))
    report = machine.report()
    assert report["selection"]["backend"] == "cpu"
    assert not [line for line in report["trace"] if (line["why"] or "").startswith("failed")]


def test_directories_and_dangling_links_in_place_of_files(machine):
    base = machine.root / "sys/bus/pci/devices/0000:01:00.0"
    (base / "vendor").mkdir(parents=True)
    (base / "class").symlink_to("/nowhere")
    (machine.root / "dev").mkdir()
    (machine.root / "dev/nvidiactl").symlink_to("/nowhere")
    (machine.root / "sys/class").mkdir(parents=True)
    (machine.root / "sys/class/drm").write_text("no directory")
    assert machine.report()["gpus"] == []
