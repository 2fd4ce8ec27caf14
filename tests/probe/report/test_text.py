"""The report for a person: everything from the report object, in a few lines."""

import pytest
from cards import amd, machine_with, nvidia

from probe.decide.choose import choose
from probe.facts import Facts, Host
from probe.findings.nvidia import DriverUnknownError, GpuLost
from probe.findings.nvidia_faults import RequiresReset
from probe.frozen_record import replace
from probe.place import Where
from probe.report.schema import GpuReport, Report, report
from probe.report.text import describe, human_text
from probe.tables.builds import Table

NEW = "580.95.05"
RTX = replace(nvidia("8.9", NEW, memory=24564), name="RTX 4090")


def report_of(facts: Facts, table: Table) -> Report:
    return report(facts, choose(facts, table))


def test_a_machine_whose_cards_are_used_together(table: Table) -> None:
    facts = machine_with(RTX, replace(RTX, index=1, uuid="GPU-b"))
    assert human_text(report_of(facts, table)) == (
        "machine   linux on x86_64\n"
        "gpu       2 × RTX 4090 (compute capability 8.9, 24.0 GiB, driver 580.95.05)\n"
        "choice    NVIDIA CUDA: image cuda, torch 2.13.0 cu130\n"
        "uses      GPU-8.9-0, GPU-b\n"
        "          not cu132: experimental for torch 2.13\n"
        "docker    --gpus all\n"
    )


def test_a_card_that_needs_a_variable(table: Table) -> None:
    said = human_text(report_of(machine_with(amd("gfx1031")), table)).splitlines()
    assert said[1] == "gpu       card gfx1031 (gfx1031, 16.0 GiB)"
    assert said[2] == "choice    AMD ROCm: image rocm, torch 2.13.0 rocm7.2"
    assert "docker    --device /dev/kfd --device /dev/dri" in said
    assert "env       HSA_OVERRIDE_GFX_VERSION=10.3.0" in said
    assert sum(line.startswith("note      ") for line in said) == 2


def test_a_machine_with_nothing(table: Table) -> None:
    facts = Facts(host=Host(arch="x86_64", os="linux", wsl=True, container=True))
    assert human_text(report_of(facts, table)).startswith(
        "machine   linux on x86_64, WSL2, in a container\n"
        "gpu       none found\n"
        "choice    CPU: image cpu, torch 2.13.0 cpu\n"
        "because   there is no GPU to use\n"
    )


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (Where(machine="wsl1"), "linux on x86_64, WSL1"),
        (Where(machine="vm"), "linux on x86_64, a virtual machine"),
        (Where(machine="bare-metal", container="lxc"), "linux on x86_64, in a container (LXC)"),
        (Where(container="containerd", pod=True), "linux on x86_64, in a pod (containerd)"),
        (Where(container="other"), "linux on x86_64, in a container"),
        (Where(sandbox="snap"), "linux on x86_64, in a Snap"),
    ],
)
def test_where_it_runs_is_the_first_line(table: Table, where: Where, said: str) -> None:
    host = Host(
        arch="x86_64",
        os="linux",
        wsl=where.machine == "wsl1",
        container=where.container is not None,
        pod=where.pod,
        where=where,
    )
    assert human_text(report_of(Facts(host=host), table)).startswith(f"machine   {said}\n")


def test_builds_that_are_passed_over_for_one_reason_share_a_line(table: Table) -> None:
    said = human_text(report_of(machine_with(nvidia("12.0", "570.124.06")), table))
    assert (
        "          not cu132, cu130: driver 570.124.06 is older than 580\n"
        "          not cu126: no code for compute capability 12.0\n"
    ) in said


def test_a_line_about_another_card_than_the_chosen_names_it(table: Table) -> None:
    said = human_text(report_of(machine_with(nvidia("3.7", NEW), amd("gfx1100")), table))
    assert (
        "choice    AMD ROCm: image rocm, torch 2.13.0 rocm7.2\n"
        "uses      0\n"
        "          card 3.7: not cu132, cu130, cu126, cu128, cu129: no code for compute capability "
        "3.7\n"
    ) in said
    said = human_text(report_of(machine_with(RTX, nvidia("6.1", NEW, index=1)), table))
    assert (
        "choice    NVIDIA CUDA: image cuda, torch 2.13.0 cu130\n"
        "uses      GPU-8.9-0\n"
        "          not cu132: experimental for torch 2.13\n"
    ) in said


def test_a_build_that_a_card_was_refused_for_one_reason_is_not_named_for_another(
    table: Table,
) -> None:
    """rocm7.2 of 2.13 has code for gfx1103 and rocBLAS none; that of 2.12 has neither."""
    said = human_text(report_of(machine_with(amd("gfx1103"), amd("gfx803", index=1)), table))
    assert (
        "          card gfx1103: not rocm7.2, rocm7.1: rocBLAS has no kernels for gfx1103: the "
        "first matrix product would abort\n"
        "          card gfx1103: not rocm7.0, rocm6.4, rocm6.3: no code for gfx1103\n"
        "          card gfx803: not rocm7.2, rocm7.1, rocm7.0, rocm6.4, rocm6.3: no code for "
        "gfx803\n"
    ) in said


def test_what_a_tool_prints_gives_the_terminal_no_orders(table: Table) -> None:
    facts = machine_with(replace(RTX, name="RTX \x1b[31m\n4090"))
    said = human_text(report_of(facts, table))
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({}, "RTX 4090 (compute capability 8.9, 24.0 GiB, driver 580.95.05)"),
        # What an idle desktop takes is not worth a word.
        (
            {"memory_free_mib": 23000},
            "RTX 4090 (compute capability 8.9, 24.0 GiB, driver 580.95.05)",
        ),
        (
            {"memory_free_mib": 8000},
            "RTX 4090 (compute capability 8.9, 24.0 GiB, 7.8 free, driver 580.95.05)",
        ),
        (
            {"state": "proven"},
            "RTX 4090 (compute capability 8.9, 24.0 GiB, driver 580.95.05) - proven",
        ),
        (
            {"state": "dead", "why": GpuLost(), "driver": None, "memory_mib": None},
            "RTX 4090 (compute capability 8.9) - dead: the GPU is lost: it fell off the bus",
        ),
        (
            {"compute_capability": None, "driver": None, "memory_mib": None},
            "RTX 4090",
        ),
    ],
)
def test_a_card_in_one_line(table: Table, change: dict[str, object], line: str) -> None:
    gpu: GpuReport = report_of(machine_with(replace(RTX, **change)), table)["gpus"][0]
    assert describe(gpu) == line


def test_a_long_remedy_has_a_line_for_each_step(table: Table) -> None:
    lost = replace(RTX, state="dead", why=DriverUnknownError())
    host = Host(arch="x86_64", os="linux", where=Where(container="docker"), container=True)
    said = human_text(report_of(Facts(host=host, gpus=(lost,)), table)).splitlines()
    at = said.index("note      RTX 4090: NVIDIA's driver answers with an unknown error")
    assert said[at + 1] == "          - on the host: docker restart this container"
    assert len(said) == at + 4


def test_a_short_remedy_stays_in_its_line(table: Table) -> None:
    lost = replace(RTX, state="dead", why=RequiresReset(card="0"))
    said = human_text(report_of(machine_with(lost), table)).splitlines()
    assert said[-1] == (
        "note      RTX 4090: the GPU requires a reset; end what uses it, then reset it: "
        "sudo nvidia-smi --gpu-reset -i 0; or reboot"
    )
