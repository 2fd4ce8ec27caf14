"""Fetches the files of a lock, each held to its hash, and asks no index that it need not ask."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from images.errors import WheelhouseError
from images.packages.pip import Pip
from probe.universal.lock import Entry, requirements


@dataclass(frozen=True, kw_only=True)
class Download:
    """Fetches entries of a lock into a pool. Hashes decide which file is taken, so a further index
    can't change what is installed; but one that is out of reach costs minutes."""

    pip: Pip
    pool: Path

    def run(self, entries: Collection[Entry], *options: str) -> None:
        """Fetch them; WheelhouseError where one can't be had, or is not the locked one."""
        if not entries:
            return
        wanted = self.pool / "requirements.txt"
        wanted.write_text(requirements(entries), "utf-8")
        arguments = ["download", "--quiet", "--no-deps", "--require-hashes", *options]
        arguments += ["--dest", str(self.pool), "--requirement", str(wanted)]
        self.pip.run(arguments, log=self.pool / "pip.log")

    def first_here(self, entries: Collection[Entry], index_url: str | None) -> None:
        """From the folders of this machine's pip, else from any index of its and ``index_url``."""
        try:
            self.run(entries, "--no-index")
        except WheelhouseError:
            self.run(entries, *_further(index_url))

    def first_elsewhere(self, entries: Collection[Entry], index_url: str | None) -> None:
        """From the indexes of this machine's pip, else from ``index_url`` as well."""
        try:
            self.run(entries)
        except WheelhouseError:
            if index_url is None:
                raise
            self.run(entries, *_further(index_url))


def _further(index_url: str | None) -> list[str]:
    return [] if index_url is None else ["--extra-index-url", index_url]
