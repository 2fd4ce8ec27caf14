"""Which NVIDIA driver to install for a card, by the tables of builds and of last drivers."""

from functools import lru_cache

from probe.facts import ComputeCapability
from probe.frozen_record import Record
from probe.tables.builds import at_least, load_table
from probe.tables.devices import last_driver, needed_module


class WantedDriver(Record):
    """A driver to install: this version or any newer one, or only this branch."""

    version: str
    last: bool = False  # newer ones leave the card out
    open_module: bool = False  # the card needs the open kernel module

    def __str__(self) -> str:
        return f"{self.version} {'(newer ones leave this card out)' if self.last else 'or newer'}"

    @property
    def branch(self) -> str:
        """What distributions name packages by: 580 of 580.95.05, or 580-open."""
        branch = self.version.partition(".")[0]
        return f"{branch}-open" if self.open_module else branch


@lru_cache(maxsize=1)
def newest_floor() -> str:
    """The driver that the newest builds of the catalog's line need on Linux: enough for all."""
    table = load_table()
    builds = table.of_line(table.catalog, "cuda")
    floors = [build.driver_linux or "0" for build in builds if not build.experimental]
    return next(floor for floor in floors if all(at_least(floor, other) for other in floors))


def wanted_driver(floor: str, capability: ComputeCapability | None) -> WantedDriver | None:
    """The driver that reaches ``floor`` and still serves the card; None where there is none."""
    last = last_driver(capability)
    if last is None:
        return _from(floor, capability)
    return WantedDriver(version=last, last=True) if at_least(last, floor) else None


def driver_to_take(floor: str, capability: ComputeCapability | None) -> WantedDriver:
    """The same, for a build that has code for the card: then ``floor`` itself is the one."""
    return wanted_driver(floor, capability) or _from(floor, capability)


def _from(floor: str, capability: ComputeCapability | None) -> WantedDriver:
    return WantedDriver(version=floor, open_module=needed_module(capability) == "open")
