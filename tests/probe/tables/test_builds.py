"""The table of builds."""

import pytest

from probe.tables.builds import CudaCode, at_least, line_of
from probe.tables.generated import BUILDS


def test_the_catalog_line_is_in_the_table_with_a_build_for_the_default_index(table):
    assert table.catalog in table.lines()
    defaults = [b.wheel for b in table.builds if b.line == table.catalog and b.default]
    assert defaults == ["cu130"]


def test_lines_and_builds_are_newest_first(table):
    lines = [tuple(map(int, line.split("."))) for line in table.lines()]
    assert lines == sorted(lines, reverse=True)
    for line in table.lines():
        for backend in ("cuda", "rocm"):
            wheels = [
                b.wheel.removeprefix("cu").removeprefix("rocm")
                for b in table.of_line(line, backend)
            ]
            numbers = [tuple(map(int, wheel.split("."))) for wheel in wheels]
            assert numbers == sorted(numbers, reverse=True), (line, backend)


def test_every_build_says_what_it_needs(table):
    for build in table.builds:
        if build.backend == "cuda":
            assert build.cuda_code and build.driver_linux and build.driver_windows, build
        if build.backend == "rocm":
            assert build.gfx, build
        assert build.index_url == f"{table.index_base}/{build.wheel}"


def test_the_walk_starts_at_the_catalog_and_goes_back(table):
    assert table.walk()[:2] == ("2.13", "2.12")
    assert "2.14" not in table.walk()
    assert table.walk("2.14") == ("2.14",)


@pytest.mark.parametrize(
    ("capability", "runs"),
    [
        ((8, 6), True),
        ((8, 9), True),
        ((8, 0), False),
        ((9, 0), False),
        ((12, 0), True),
        ((13, 0), True),
    ],
)
def test_code_runs_on_later_minors_and_ptx_on_all_that_is_newer(capability, runs):
    assert CudaCode(capabilities=((8, 6),), ptx=(12, 0)).runs_on(capability) is runs


@pytest.mark.parametrize(
    ("driver", "floor", "enough"),
    [
        ("580.95.05", "580", True),
        ("580", "580.0.1", False),
        ("525.60.13", "525.60.13", True),
        ("525.60.9", "525.60.13", False),
        ("1000.1", "580", True),
        (None, "580", False),
        ("five", "580", False),
        ("9" * 5000, "580", False),
    ],
)
def test_drivers_compare_by_number(driver, floor, enough):
    assert at_least(driver, floor) is enough


def test_line_of():
    assert [line_of(v) for v in ("2.13.0+cu130", "2.13", "2.7.1")] == ["2.13", "2.13", "2.7"]


def test_every_group_of_cells_has_a_source_and_a_date():
    data = BUILDS
    groups = [*data["line"], *data["code"], *data["gfx"], *data["kernels"], *data["hsa_override"]]
    groups += [*data["cuda"].values(), data["tegra"]]
    for group in groups:
        assert group["source"], group
        assert group["read"] == "not read" or group["read"].startswith("2026-"), group


def test_every_source_that_was_read_has_an_address():
    groups = [*BUILDS["line"], *BUILDS["code"], *BUILDS["gfx"], *BUILDS["kernels"]]
    groups += [*BUILDS["hsa_override"], *BUILDS["cuda"].values(), BUILDS["tegra"]]
    read = [group["source"] for group in groups if group["read"] != "not read"]
    assert [source for source in read if "https://" not in source] == []
