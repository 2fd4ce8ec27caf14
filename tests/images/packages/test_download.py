"""Which indexes are asked for a lock's files: those that have them, and no others."""

from pathlib import Path

import pytest
from package_index import make_wheel, sha256
from package_site import NO_ADDRESS, Site

from images.errors import WheelhouseError
from images.packages.download import Download
from probe.universal.lock import Entry


@pytest.fixture
def download(site: Site, tmp_path: Path) -> Download:
    """Fetches into a pool of its own."""
    (tmp_path / "pool").mkdir()
    return Download(pip=site.pip(), pool=tmp_path / "pool")


def entry(wheel: Path) -> Entry:
    name, version, *_ = wheel.name.split("-")
    return Entry(name=name, version=version, hashes=(sha256(wheel),))


def fetched(download: Download) -> list[str]:
    return sorted(path.name for path in download.pool.glob("*.whl"))


def test_a_folder_is_enough_and_no_index_is_asked(site: Site, download: Download) -> None:
    wheel = make_wheel(site.links, "torch", "2.13.0+cpu")
    site.environ["PIP_INDEX_URL"] = NO_ADDRESS
    download.first_here([entry(wheel)], NO_ADDRESS)
    assert fetched(download) == [wheel.name]


def test_the_index_of_the_build_has_what_no_folder_has(site: Site, download: Download) -> None:
    wheel = make_wheel(site.pytorch, "torch", "2.13.0+cpu")
    site.publish()
    address = site.table.builds[0].index_url
    download.first_here([entry(wheel)], address)
    other = make_wheel(site.pytorch, "zeta", "1.0")
    site.publish()
    download.first_elsewhere(
        [entry(other), entry(site.index / "beta-2.5-py3-none-any.whl")], address
    )
    assert fetched(download) == ["beta-2.5-py3-none-any.whl", wheel.name, other.name]


def test_a_wrong_file_is_refused_wherever_it_lies(site: Site, download: Download) -> None:
    wheel = make_wheel(site.links, "torch", "2.13.0+cpu")
    wanted = Entry(name="torch", version="2.13.0+cpu", hashes=("0" * 64,))
    for fetch in (download.first_here, download.first_elsewhere):
        with pytest.raises(WheelhouseError, match=f"DO NOT MATCH THE HASHES.*{sha256(wheel)}"):
            fetch([wanted], None)
    assert fetched(download) == []
