"""Small values out of untrusted text."""

import pytest

from probe.numbers import (
    free_mib,
    normal_bus,
    normal_gfx,
    parse_capability,
    parse_int,
    parse_mib,
    parse_version,
    plain,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), (" 0x1F\n", 31), ("7\0", 7), ("-3", -3), ("", None), (None, None), ("x", None)],
)
def test_numbers(text, number):
    assert parse_int(text) == number


def test_numbers_that_no_tool_prints():
    assert parse_int("9" * 10_000) is None
    assert parse_int("٣") is None


def test_sizes_are_in_mib_and_zero_is_unknown():
    assert parse_mib(str(5 << 20)) == 5
    assert parse_mib("0") is None
    assert free_mib(str(5 << 20), str(2 << 20)) == 3
    assert free_mib("5", "6") is None
    assert free_mib(None, "1") is None


def test_versions_and_capabilities():
    assert parse_version("580.95.05") == (580, 95, 5)
    assert parse_version("580.x") is None
    assert parse_capability("8.9") == (8, 9)
    assert parse_capability("8") is None
    assert parse_capability("0.9") is None


@pytest.mark.parametrize(
    ("text", "bus"),
    [
        ("00000000:01:00.0", "0000:01:00.0"),
        ("0000:C5:00.0", "0000:c5:00.0"),
        ("0000000F:01:00.0", "000f:01:00.0"),
        ("01:00.0", None),
        ("[N/A]", None),
        (None, None),
    ],
)
def test_pci_addresses_are_as_sysfs_writes_them(text, bus):
    assert normal_bus(text) == bus


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("gfx942:sramecc+:xnack-", "gfx942"),
        ("GFX90A", "gfx90a"),
        ("gfx9010", "gfx90a"),
        ("gfx1100", "gfx1100"),
        ("gfx-x", None),
        ("N/A", None),
        (None, None),
    ],
)
def test_gfx_targets(text, target):
    assert normal_gfx(text) == target


def test_nothing_in_a_text_commands_a_terminal():
    assert plain("\x1b[31mred\x1b[0m\x07 \ud800ok\n") == "red ok\n"
    assert plain("good\rbad\r\nnext") == "good\nbad\nnext"
