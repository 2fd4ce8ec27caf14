"""What a site adds to a build goes as secrets and as names of variables, never as values."""

from pathlib import Path

import pytest

from images.build import site_settings
from images.build.site_settings import Site
from images.errors import SiteError


def test_nothing_is_added_by_default() -> None:
    assert site_settings.read_site({}) == Site()
    assert Site().build_options() == []


def test_files_become_secrets(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("certificate")
    site = site_settings.read_site({"ALTERNATOR_CA_BUNDLE": str(bundle)})
    assert site.build_options() == [*("--secret", f"id=ca_bundle,src={bundle}")]


def test_a_proxys_password_is_not_on_the_command_line() -> None:
    site = site_settings.read_site({"https_proxy": "http://me:hunter2@proxy:3128"})
    assert site.build_options() == ["--build-arg", "https_proxy"]


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SiteError, match="ALTERNATOR_PIP_CONF=/no/such/file: there is no such"):
        site_settings.read_site({"ALTERNATOR_PIP_CONF": "/no/such/file"})


def test_the_images_time_may_be_given() -> None:
    assert site_settings.read_site({"SOURCE_DATE_EPOCH": "7"}).source_date_epoch == 7
    assert site_settings.read_site({"SOURCE_DATE_EPOCH": "soon"}).source_date_epoch is None
