"""Advice on the machine as a whole."""

import pytest
from cards import advice, amd, machine_with, node, nvidia

from probe.decide.advice_machine import on_platform, silent_tools
from probe.decide.choose import choose
from probe.facts import Facts, Host, ProbeTrace
from probe.finding import Finding
from probe.findings import nvidia as nvidia_findings
from probe.findings import whole_machine as found
from probe.findings.builds import NoneForPlatform
from probe.findings.gpu import NoKfdUnderWsl
from probe.frozen_record import replace
from probe.place import Where
from probe.tables.builds import Table


def test_an_architecture_without_torch_is_told(table):
    choice = choose(machine_with(arch="riscv64"), table)
    assert advice(choice) == ("torch has no build for riscv64: use a machine of x86_64 or aarch64",)


@pytest.mark.parametrize("arch", ["riscv64", "ppc64le"])
def test_no_build_at_all_is_said_once(table, arch):
    choice = choose(machine_with(nvidia("7.0", "550.54.14"), arch=arch), table)
    assert {entry.why for entry in choice.rejected} == {NoneForPlatform(platform=arch)}
    assert advice(choice)[0] == f"torch has no build for {arch}: use a machine of x86_64 or aarch64"


LINUX = Host(arch="x86_64", os="linux")
WSL = replace(LINUX, wsl=True)


@pytest.mark.parametrize("arch", ["riscv64", "ppc64le"])
def test_without_a_build_no_gpu_is_worth_mending(table, arch):
    """It would be of no use to torch there."""
    why = nvidia_findings.NodesNotMade(path="/dev/nvidiactl")
    dead = replace(nvidia("7.0", "550.54.14"), state="dead", why=why)
    (only,) = choose(machine_with(dead, arch=arch), table).advice
    assert isinstance(only.finding, found.ProcessorWithoutBuild)


def test_a_probe_that_fails_itself_is_no_matter_of_a_driver(table: Table) -> None:
    """Whether it is a vendor's tool or a look at files, and whether there are cards or none."""
    said = "failed: RuntimeError: boom"
    trace = tuple(
        ProbeTrace(probe=probe, ms=1, found=0, code="failed", why=said)
        for probe in ("nvidia-smi", "kfd")
    )
    told = [found.ProbeDefect(probe=line.probe, said=said) for line in trace]
    facts = replace(machine_with(), trace=trace)
    assert list(silent_tools(facts)) == told
    seen = replace(machine_with(nvidia("8.9", "580.95.05")), trace=trace)
    assert list(silent_tools(seen)) == told
    assert advice(choose(facts, table))[0] == (
        "the probe nvidia-smi failed: RuntimeError: boom; a defect of this program: please report "
        "it (ALTERNATOR_DEBUG=1 shows where)"
    )


@pytest.mark.parametrize(
    ("host", "nodes", "told"),
    [
        (LINUX, [], []),
        (Host(arch="x86_64", os="windows"), [], [found.WindowsWithoutWsl()]),
        (Host(arch="x86_64", os="darwin"), [], [found.MacWithoutBuild(arch="x86_64")]),
        (Host(arch="arm64", os="darwin"), [], []),
        (Host(arch="x86_64", os="freebsd"), [], [found.SystemWithoutBuild(os="freebsd")]),
        (WSL, [], []),
        (WSL, ["/dev/dxg"], [found.WslWithoutDriver()]),
        (replace(WSL, where=Where(machine="wsl1")), [], [found.WslOneHasNoGpu()]),
        (
            replace(LINUX, where=Where(sandbox="flatpak")),
            [],
            [found.SandboxWithoutGpu(kind="Flatpak")],
        ),
        (replace(WSL, container=True), [], [found.WslContainerWithoutGpu()]),
        (replace(WSL, container=True), ["/dev/dxg"], [found.WslWithoutDriver()]),
        (replace(LINUX, container=True), [], []),
    ],
)
def test_where_the_machine_is_in_the_way(
    table: Table, host: Host, nodes: list[str], told: list[Finding]
) -> None:
    facts = Facts(host=host, nodes=tuple(node(path) for path in nodes))
    assert list(on_platform(facts, table)) == told


@pytest.mark.parametrize(
    ("tools", "told"),
    [
        # What its code means is told as the tool's own failure, with the same remedy.
        ({"nvidia-smi": 9}, []),
        ({"nvidia-smi": 17}, []),
        ({"nvidia-smi": 3}, [found.WslWithoutDriver()]),
        ({"nvidia-smi": 6, "rocminfo": 1}, []),
        ({"rocminfo": 1}, [NoKfdUnderWsl()]),
        ({"rocminfo": 0}, [NoKfdUnderWsl()]),
    ],
)
def test_under_wsl_who_answers_tells_whose_card_it_is(
    table: Table, tools: dict[str, int], told: list[Finding]
) -> None:
    missing = ProbeTrace(probe="nvidia-smi", ms=0, found=0, code="not-installed")
    ran = (ProbeTrace(probe=tool, exit=code, ms=1, found=0) for tool, code in tools.items())
    trace = tuple(ran) if "nvidia-smi" in tools else (missing, *ran)
    facts = Facts(host=WSL, nodes=(node("/dev/dxg"),), trace=trace)
    assert list(on_platform(facts, table)) == told


def test_a_jetson_is_told_what_to_install_where_nothing_shows_its_gpu(table: Table) -> None:
    facts = machine_with(arch="aarch64", tegra=True)
    assert list(on_platform(facts, table)) == [found.JetsonWithoutGpu(mends=table.tegra_remedy)]
    # The toolkit refuses --gpus on a Jetson.
    assert found.JetsonWithoutGpu(mends="x").remedy("container")[0] == (
        "start it with --runtime nvidia"
    )
    seen = machine_with(nvidia("8.7", "540.5.0"), arch="aarch64", tegra=True)
    assert list(on_platform(seen, table)) == []


FAILED = ProbeTrace(probe="nvidia-smi", exit=9, ms=1, found=0, code="exit", why="complaint")
EXPLAINED = found.SilentToolExplained(
    tool="nvidia-smi", said="complaint", why=nvidia_findings.DriverNotLoaded()
)
AMDS = replace(FAILED, probe="rocm-smi")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (FAILED, [EXPLAINED]),
        (
            replace(FAILED, exit=77),
            [found.SilentTool(tool="nvidia-smi", said="complaint", maker="NVIDIA")],
        ),
        # What an exit code means is known of nvidia-smi alone.
        (AMDS, [found.SilentTool(tool="rocm-smi", said="complaint", maker="AMD")]),
        (replace(FAILED, found=1), []),
        (replace(FAILED, why=None), []),
        (replace(FAILED, code="not-installed", why="not installed"), []),
        (replace(FAILED, probe="libcuda"), []),
    ],
)
def test_a_tool_that_failed_is_told_where_it_left_no_card(
    line: ProbeTrace, told: list[Finding]
) -> None:
    assert list(silent_tools(Facts(host=LINUX, trace=(line,)))) == told


def test_a_tool_that_failed_beside_a_card_of_its_maker_is_not_told() -> None:
    with_both = replace(machine_with(amd("gfx1100")), trace=(FAILED, AMDS))
    assert list(silent_tools(with_both)) == [EXPLAINED]


def test_under_wsl1_no_tool_is_asked_why_there_is_no_gpu() -> None:
    facts = Facts(host=replace(WSL, where=Where(machine="wsl1")), trace=(FAILED,))
    assert list(silent_tools(facts)) == []
