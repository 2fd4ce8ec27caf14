"""One build on one GPU of one machine: whether it runs there, and if not, why."""

import pytest
from cards import amd, nvidia

from probe.decide.choice import Question
from probe.decide.fit import (
    capability_text,
    driver_floor,
    has_code,
    hsa_override,
    misfit,
    own_build,
    platform_text,
)
from probe.facts import Facts, Gpu, Host
from probe.finding import Finding
from probe.findings import builds
from probe.frozen_record import replace
from probe.tables.builds import Build, Table

LINUX, ARM = Host(arch="x86_64", os="linux"), Host(arch="aarch64", os="linux")
JETSON = replace(ARM, tegra=True)
FREEBSD = Host(arch="x86_64", os="freebsd")
WINDOWS = Host(arch="x86_64", os="windows")
APPLE = Gpu(vendor="apple", index=0, name="Apple GPU", state="accessible")
NEW = "580.95.05"


def build(table: Table, wheel: str, line: str = "2.13") -> Build:
    """The committed table's entry."""
    found = table.find(line, wheel)
    assert found is not None
    return found


def on(host: Host, table: Table) -> Question:
    """The question of a machine of that kind."""
    return Question(facts=Facts(host=host), table=table)


@pytest.mark.parametrize(
    ("host", "gpu", "wheel", "why"),
    [
        (LINUX, nvidia("8.9", NEW), "cu130", None),
        (WINDOWS, nvidia("8.9", NEW), "cu130", None),
        (LINUX, APPLE, "cpu", None),
        (
            FREEBSD,
            nvidia("8.9", NEW),
            "cu130",
            builds.NoneForPlatform(platform="freebsd on x86_64"),
        ),
        (
            replace(LINUX, arch="riscv64"),
            nvidia("8.9", NEW),
            "cu130",
            builds.NoneForPlatform(platform="riscv64"),
        ),
        (
            JETSON,
            nvidia("8.7", "540.5.0"),
            "cu130",
            builds.DriverTooOld(driver="540.5.0", floor="580"),
        ),
        (
            LINUX,
            replace(nvidia("8.9", NEW), compute_capability=None),
            "cu130",
            builds.CapabilityUnknown(name="card 8.9"),
        ),
        (LINUX, nvidia("6.1", NEW), "cu130", builds.NoCodeForCapability(capability="6.1")),
        (LINUX, nvidia("8.9", None), "cu126", builds.DriverUnknown(floor="525.60.13")),
        (
            LINUX,
            nvidia("8.9", "525.60.12"),
            "cu126",
            builds.DriverTooOld(driver="525.60.12", floor="525.60.13"),
        ),
        (LINUX, nvidia("8.9", "525.60.13"), "cu126", None),
        (LINUX, amd("gfx1100"), "rocm7.2", None),
        (LINUX, amd("gfx1031"), "rocm7.2", None),
        (ARM, amd("gfx1100"), "rocm7.2", builds.NoRocmForPlatform(platform="aarch64")),
        (
            WINDOWS,
            amd("gfx1100"),
            "rocm7.2",
            builds.NoRocmForPlatform(platform="windows on x86_64"),
        ),
        (
            LINUX,
            replace(amd("gfx1100"), gfx=None),
            "rocm7.2",
            builds.GfxUnknown(name="card gfx1100"),
        ),
        (LINUX, amd("gfx900"), "rocm7.2", builds.NoKernels(gfx="gfx900")),
        (LINUX, amd("gfx906"), "rocm7.1", builds.NoKernels(gfx="gfx906")),
        (LINUX, amd("gfx1103"), "rocm7.2", builds.NoKernels(gfx="gfx1103")),
        (LINUX, amd("gfx803"), "rocm7.2", builds.NoCodeForGfx(gfx="gfx803")),
    ],
)
def test_why_a_build_does_not_run(
    table: Table, host: Host, gpu: Gpu, wheel: str, why: Finding | None
) -> None:
    assert misfit(build(table, wheel), gpu, on(host, table)) == why


@pytest.mark.parametrize(
    ("host", "floor"),
    [
        (LINUX, "525.60.13"),
        (WINDOWS, "528.33"),
        (replace(LINUX, wsl=True), "528.33"),  # it is the driver of Windows that WSL2 sees
        (JETSON, "580"),
    ],
)
def test_the_oldest_driver_is_that_of_the_system_whose_driver_it_is(
    table: Table, host: Host, floor: str
) -> None:
    assert driver_floor(build(table, "cu126"), on(host, table)) == floor


@pytest.mark.parametrize(
    ("gfx", "wheel", "line", "why"),
    [
        ("gfx906", "rocm6.3", "2.9", None),
        ("gfx906", "rocm6.4", "2.9", builds.NoKernels(gfx="gfx906")),
        ("gfx906", "rocm6.3", "2.7", None),
        ("gfx1031", "rocm6.3", "2.9", None),
        ("gfx1103", "rocm7.2", "2.12", builds.NoCodeForGfx(gfx="gfx1103")),
        ("gfx950", "rocm6.4", "2.9", builds.NoCodeForGfx(gfx="gfx950")),
        ("gfx1151", "rocm7.2", "2.11", None),
    ],
)
def test_what_runs_is_a_fact_of_line_and_rocm_version(
    table: Table, gfx: str, wheel: str, line: str, why: Finding | None
) -> None:
    assert misfit(build(table, wheel, line), amd(gfx), on(LINUX, table)) == why


@pytest.mark.parametrize(
    ("arch", "wheel", "line", "capability", "runs"),
    [
        ("aarch64", "cu128", "2.11", "10.0", True),
        ("aarch64", "cu128", "2.8", "12.1", True),
        ("aarch64", "cu128", "2.11", "7.5", False),
        ("aarch64", "cu129", "2.8", "10.0", True),
        ("aarch64", "cu126", "2.13", "10.0", False),
        ("x86_64", "cu128", "2.10", "7.0", True),
        ("x86_64", "cu128", "2.11", "7.0", False),
    ],
)
def test_code_is_a_fact_of_line_and_architecture(
    table: Table, arch: str, wheel: str, line: str, capability: str, runs: bool
) -> None:
    host = replace(LINUX, arch=arch)
    assert has_code(build(table, wheel, line), nvidia(capability, NEW), on(host, table)) is runs


@pytest.mark.parametrize(
    ("gpu", "own"),
    [
        (amd("gfx906"), ("2.9", "rocm6.3")),
        (amd("gfx1100"), ("2.13", "rocm7.2")),
        (amd("gfx803"), None),
        (nvidia("6.1", NEW), ("2.13", "cu126")),
        (nvidia("12.0", "570.124.06"), ("2.11", "cu128")),
        (nvidia("3.7", "470.256.02"), None),  # a retired build is for those who ask for it
    ],
)
def test_the_build_of_a_card_alone(table: Table, gpu: Gpu, own: tuple[str, str] | None) -> None:
    found = own_build(gpu, on(LINUX, table))
    assert (None if found is None else (found.line, found.wheel)) == own


def test_a_build_that_needs_no_driver_has_the_lowest_floor(table: Table) -> None:
    assert driver_floor(build(table, "rocm7.2"), on(LINUX, table)) == "0"


@pytest.mark.parametrize(
    ("gfx", "version"), [("gfx1031", "10.3.0"), ("gfx1030", None), ("gfx803", None), (None, None)]
)
def test_only_a_card_without_code_of_its_own_is_given_an_override(
    table: Table, gfx: str | None, version: str | None
) -> None:
    gpu = replace(amd("gfx1030"), gfx=gfx)
    override = hsa_override(build(table, "rocm7.2"), gpu, on(LINUX, table))
    assert (override.version if override else None) == version


def test_code_is_told_apart_from_drivers(table: Table) -> None:
    """A card whose driver is too old, or not known, has its code in the build all the same."""
    assert has_code(build(table, "cu130"), nvidia("8.9", None), on(LINUX, table))
    assert not has_code(build(table, "cu130"), nvidia("6.1", NEW), on(LINUX, table))
    assert not has_code(build(table, "cu130"), nvidia("7.5", NEW), on(ARM, table))
    assert has_code(build(table, "cpu"), APPLE, on(Host(arch="arm64", os="darwin"), table))
    assert not has_code(build(table, "rocm7.2"), amd("gfx906"), on(LINUX, table))


def test_how_a_platform_and_a_capability_are_named() -> None:
    assert platform_text(ARM) == "aarch64"
    assert platform_text(FREEBSD) == "freebsd on x86_64"
    assert capability_text(nvidia("12.1", NEW)) == "12.1"
    assert capability_text(APPLE) is None
