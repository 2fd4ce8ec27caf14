"""A site with a package index of its own, on loopback."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from package_index import make_wheel, serve
from package_site import NO_ADDRESS, Site, table_at

from images.catalog import load_catalog


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose catalog asks for alpha (which needs beta); its test torch may need delta."""
    folders = {name: tmp_path / name for name in ("index", "pytorch", "links", "checkout")}
    for folder in folders.values():
        folder.mkdir()
    make_wheel(folders["index"], "alpha", "1.0", requires=["beta>=2"])
    make_wheel(folders["index"], "beta", "2.5")
    make_wheel(folders["index"], "gamma", "3.0", requires=["left-out"])
    make_wheel(folders["index"], "delta", "4.0")
    # Of each version the default index has one build: its metadata tells what all builds require.
    needs = ["epsilon", 'cuda-toolkit[cublas]==13.0.3; platform_system == "Linux"', "triton==3.7.1"]
    make_wheel(folders["index"], "epsilon", "5.0")
    make_wheel(folders["index"], "torch", "2.13.0", requires=needs)
    known = load_catalog()
    catalog = replace(
        known,
        packages={"alpha": "1.0"},
        packages_without_dependencies={"gamma": "3.0"},
        build_packages={},
        sandbox=replace(known.sandbox, packages={"beta": "2.5"}),
        pins={},
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    with serve(tmp_path) as address:
        environ = {
            **kept,
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": f"{address}/index",
            "PIP_FIND_LINKS": str(folders["links"]),
            "NO_PROXY": "127.0.0.1",
        }
        table = table_at(f"{address}/pytorch")
        made = Site(
            index=folders["index"],
            pytorch=folders["pytorch"],
            links=folders["links"],
            checkout=folders["checkout"],
            catalog=catalog,
            environ=environ,
            table=table,
        )
        made.publish()
        yield made


@pytest.fixture
def no_pytorch_index(site: Site) -> None:
    """The PyTorch index can't be reached."""
    site.table = table_at(NO_ADDRESS)
