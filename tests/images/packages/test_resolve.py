"""Where a torch build is found, and with which hash and size the rest is."""

from dataclasses import replace

import pytest
from package_index import make_torch_wheel, make_wheel, sha256
from package_site import Site

from images.catalog import load_catalog, with_build
from images.errors import WheelhouseError
from images.packages.resolve import build_of, torch_version
from probe.tables.builds import load_table


def test_the_default_indexs_torch_has_no_tag() -> None:
    cuda = load_catalog().variant("cuda")
    assert torch_version(load_table(), cuda) == "2.13.0"
    assert torch_version(load_table(), with_build(cuda, wheel="cu126")) == "2.13.0+cu126"


def test_a_build_that_does_not_exist_is_named(site: Site) -> None:
    unknown = replace(load_catalog().variant("cuda"), wheel="cu999")
    with pytest.raises(WheelhouseError, match=r"torch 2\.13\.0 has no build cu999"):
        build_of(site.table, unknown)


def test_the_index_comes_before_a_folder(site: Site) -> None:
    wheel = make_torch_wheel(site.pytorch, "2.13.0+cpu")
    make_torch_wheel(site.links, "2.13.0+cpu", hip="7.2.0")
    site.publish()
    found = site.resolver().find_torch(site.catalog.variant("cpu"))
    assert found.from_index
    assert found.entry.hashes == (sha256(wheel),)
    assert found.entry.size == wheel.stat().st_size
    assert found.requirement.endswith(f"#sha256={sha256(wheel)}")


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_folders_torch_is_not_the_indexs(site: Site) -> None:
    wheel = make_torch_wheel(site.links, "2.13.0+cpu")
    found = site.resolver().find_torch(site.catalog.variant("cpu"))
    assert not found.from_index
    assert found.requirement == f"torch @ {wheel.as_uri()}".replace("+", "%2B")


def test_with_and_without_what_a_package_requires(site: Site) -> None:
    resolver = site.resolver()
    assert [entry.name for entry in resolver.resolve({"alpha": "1.0"})] == ["alpha", "beta"]
    [alone] = resolver.resolve_bare({"alpha": "1.0"})
    assert alone.size == (site.index / "alpha-1.0-py3-none-any.whl").stat().st_size
    assert resolver.resolve_bare({}) == []


def test_no_torch_but_the_builds_comes_in_through_a_package(site: Site) -> None:
    """Where no file of the build is at hand, pip would add the default index's, and all that a
    CUDA build requires: 19 packages came into the locks of the CPU and of ROCm that way."""
    make_wheel(site.index, "cublas", "1.0")
    make_wheel(site.index, "torch", "2.14.0", requires=["cublas"])
    make_wheel(
        site.index, "voice", "1.0", requires=["torch>=1.12", "beta", 'torch>1; extra == "x"']
    )
    site.publish()
    found = site.resolver().resolve({"voice": "1.0"})
    assert sorted(entry.name for entry in found) == ["beta", "voice"]
