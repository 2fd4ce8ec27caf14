"""The outputs of real machines: the share that is committed, and the whole where it is at hand."""

import csv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "tests" / "corpus"
WHOLE = ROOT.parent / "shared" / "corpus"
PLACES = [place for place in (COMMITTED, WHOLE) if place.is_dir()]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of an index, with the folder that its file is in."""

    place: Path
    fields: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields[name]

    @property
    def path(self) -> Path:
        """The file, or the folder of a sysfs tree."""
        return self.place / self.fields["file"]

    @property
    def kind(self) -> str:
        """``nvidia-smi-csv``, ``kfd``, …"""
        return self.fields["file"].split("/")[1]

    @property
    def wheel(self) -> str:
        """The build of torch 2.13 that fits, by the index; ``unknown`` where it does not say."""
        return self.fields["best_torch_2.13_wheel"].split(" ")[0]


def entries(*kinds: str) -> list[Entry]:
    """The entries of some kinds, of all without one."""
    found = []
    for place in PLACES:
        with (place / "INDEX.tsv").open(encoding="utf-8") as index:
            lines = csv.DictReader(index, delimiter="\t")
            found += [Entry(place=place, fields=fields) for fields in lines]
    return [entry for entry in found if not kinds or entry.kind in kinds]


def name(entry: Entry) -> str:
    """What a test of an entry is called."""
    whole = "whole/" if entry.place == WHOLE else ""
    return whole + entry["file"].rstrip("/")
