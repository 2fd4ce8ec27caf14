"""Which driver is told to be installed."""

import pytest

from probe.tables.builds import at_least, load_table
from probe.tables.drivers import WantedDriver, driver_to_take, newest_floor, wanted_driver


def test_the_newest_floor_is_enough_for_every_build_that_is_shipped():
    table = load_table()
    builds = [b for b in table.of_line(table.catalog, "cuda") if not b.experimental]
    floors = [build.driver_linux or "" for build in builds]
    assert all(at_least(newest_floor(), floor) for floor in floors)
    assert newest_floor() in floors


@pytest.mark.parametrize(
    ("floor", "capability", "wanted"),
    [
        ("580", (8, 9), WantedDriver(version="580")),
        ("580", None, WantedDriver(version="580")),
        ("525.60.13", (6, 1), WantedDriver(version="580", last=True)),
        ("580", (3, 5), None),
        ("580", (12, 0), WantedDriver(version="580", open_module=True)),
    ],
)
def test_newer_drivers_leave_older_cards_out(floor, capability, wanted):
    assert wanted_driver(floor, capability) == wanted
    assert driver_to_take(floor, capability) == wanted or wanted is None


def test_how_it_is_said():
    assert str(WantedDriver(version="580")) == "580 or newer"
    assert str(WantedDriver(version="580", last=True)) == "580 (newer ones leave this card out)"
    assert WantedDriver(version="525.60.13").branch == "525"


def test_packages_of_the_open_kernel_module_have_a_name_of_their_own():
    """Blackwell is driven by no other: ``ubuntu-drivers install nvidia:580-open``."""
    taken = driver_to_take("580", (12, 0))
    assert (str(taken), taken.branch) == ("580 or newer", "580-open")
    assert driver_to_take("580", (8, 9)).branch == "580"
