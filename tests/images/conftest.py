"""A site with a package index of its own, on loopback."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from package_index import list_wheels, make_wheel, serve

from images.catalog import Catalog, load_catalog
from images.packages import resolve
from probe import frozen_record
from probe.tables.builds import load_table

NO_ADDRESS = "http://127.0.0.1:9/whl"  # nobody listens on the discard port


@dataclass
class Site:
    """The default index, the PyTorch index, and a folder that pip is told of."""

    index: Path
    pytorch: Path
    links: Path
    catalog: Catalog
    checkout: Path

    def publish(self) -> None:
        """List what lies in the two indexes now."""
        for folder in (self.index, self.pytorch):
            list_wheels(folder)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site whose catalog asks for alpha (which needs beta); its test torch may need delta."""
    folders = {name: tmp_path / name for name in ("index", "pytorch", "links", "checkout")}
    for folder in folders.values():
        folder.mkdir()
    make_wheel(folders["index"], "alpha", "1.0", requires=["beta>=2"])
    make_wheel(folders["index"], "beta", "2.5")
    make_wheel(folders["index"], "gamma", "3.0", requires=["left-out"])
    make_wheel(folders["index"], "delta", "4.0")
    catalog = replace(
        load_catalog(),
        packages={"alpha": "1.0"},
        packages_without_dependencies={"gamma": "3.0"},
        build_packages={},
        sandbox_packages={"beta": "2.5"},
        pins={},
    )
    with serve(tmp_path) as address:
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        monkeypatch.setenv("PIP_INDEX_URL", f"{address}/index")
        monkeypatch.setenv("PIP_FIND_LINKS", str(folders["links"]))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
        set_pytorch_index(monkeypatch, f"{address}/pytorch")
        made = Site(catalog=catalog, **folders)
        made.publish()
        yield made


def set_pytorch_index(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Let every build of the table be looked for there."""
    table = load_table()
    builds = tuple(frozen_record.replace(build, index_url=address) for build in table.builds)
    monkeypatch.setattr(resolve, "load_table", lambda: frozen_record.replace(table, builds=builds))


@pytest.fixture
def no_pytorch_index(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The PyTorch index can't be reached."""
    set_pytorch_index(monkeypatch, NO_ADDRESS)
