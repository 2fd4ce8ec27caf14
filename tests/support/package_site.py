"""A site with a package index of its own: what its pip sees, and what is built from it."""

import io
from dataclasses import dataclass, field
from pathlib import Path

from package_index import list_wheels

from images.catalog import Catalog
from images.console import Console
from images.engine.platforms import this_machine
from images.packages.known_torch import KnownBuild, KnownTorch
from images.packages.pip import Pip
from images.packages.resolve import Resolver
from images.packages.wheelhouse import Wheelhouse
from probe import frozen_record
from probe.tables.builds import Table, load_table

NO_ADDRESS = "http://127.0.0.1:9/whl"  # nobody listens on the discard port
# Of a torch whose file nobody has: on top of what its version requires.
KNOWN = KnownTorch(
    of_the_build=("cuda-", "nvidia-", "triton"),
    builds=(
        KnownBuild(torch="2.13.0", wheel="cpu", requires=(), only_there=(), files={}),
        KnownBuild(
            torch="2.13.0",
            wheel="rocm7.2",
            requires=("delta>=4",),
            only_there=("triton-rocm==3.7.1",),
            files={},
        ),
    ),
)


@dataclass
class Site:
    """The default index, the PyTorch index, and a folder that pip is told of.

    ``environ`` is what this site's pip runs in, ``table`` says where its PyTorch index is.
    """

    index: Path
    pytorch: Path
    links: Path
    checkout: Path
    catalog: Catalog
    environ: dict[str, str]
    table: Table
    known: KnownTorch = KNOWN
    console: Console = field(default_factory=lambda: Console(io.StringIO()))

    def publish(self) -> None:
        """List what lies in the two indexes now."""
        for folder in (self.index, self.pytorch):
            list_wheels(folder)

    def pip(self, machine: str | None = None) -> Pip:
        """The site's pip."""
        machine = machine or this_machine()
        return Pip(environ=self.environ, status=self.console.status(), machine=machine)

    def resolver(self, machine: str | None = None) -> Resolver:
        """What asks the site's indexes."""
        return Resolver(pip=self.pip(machine), table=self.table, known=self.known)

    def wheelhouse(self, folder: Path) -> Wheelhouse:
        """A wheelhouse that keeps all it has below ``folder``."""
        return Wheelhouse(
            catalog=self.catalog,
            environ=self.environ,
            console=self.console,
            table=self.table,
            known=self.known,
            checkout=self.checkout,
            pool=folder / "pool",
            mounted=folder / "wheelhouse",
        )

    def said(self) -> str:
        """All that a person was told."""
        assert isinstance(self.console.stream, io.StringIO)
        return self.console.stream.getvalue()


def table_at(address: str) -> Table:
    """The table of builds, where every build is looked for at one address."""
    table = load_table()
    builds = tuple(frozen_record.replace(build, index_url=address) for build in table.builds)
    return frozen_record.replace(table, builds=builds)
