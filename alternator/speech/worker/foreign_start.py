"""Starts a worker in a Python that this package is not installed in.

Run as a file, with the folder that holds the packages, and the one with what pip wrote down of
them. The folders do not go on ``sys.path``: beside ours there may lie a torch for another Python.
https://docs.python.org/3/library/importlib.metadata.html#implementing-custom-providers
"""

import importlib.metadata
import runpy
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

OURS = "alternator"
PACKAGES = ("alternator", "probe")


class Finder(importlib.metadata.DistributionFinder):
    """Finds our packages in ``folder`` and our entry points in ``record``, and nothing else."""

    def __init__(self, folder: str, record: str) -> None:
        self._folder = folder
        self._record = record

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A package of ours; what is in it is found by its own path."""
        return PathFinder.find_spec(name, [self._folder]) if name in PACKAGES else None

    def find_distributions(
        self,
        context: importlib.metadata.DistributionFinder.Context = (
            importlib.metadata.DistributionFinder.Context()  # noqa: B008  # it holds nothing
        ),
    ) -> Iterable[importlib.metadata.Distribution]:
        """Ours, when all are asked for or it is."""
        if self._record and context.name in (None, OURS):
            yield importlib.metadata.PathDistribution(Path(self._record))


def main(folder: str, record: str) -> None:
    sys.meta_path.insert(0, Finder(folder, record))
    runpy.run_module("alternator.speech.worker.main", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
