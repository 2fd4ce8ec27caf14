"""What a site adds to a build goes as secrets and as names of variables, never as values."""

from pathlib import Path

import pytest

from images.build import site_settings
from images.errors import SiteError


def test_nothing_is_added_by_default() -> None:
    assert site_settings.arguments({}) == []


def test_files_become_secrets(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("certificate")
    assert site_settings.arguments({"ALTERNATOR_CA_BUNDLE": str(bundle)}) == [
        *("--secret", f"id=ca_bundle,src={bundle}")
    ]


def test_a_proxys_password_is_not_on_the_command_line() -> None:
    arguments = site_settings.arguments({"https_proxy": "http://me:hunter2@proxy:3128"})
    assert arguments == ["--build-arg", "https_proxy"]


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SiteError, match="ALTERNATOR_PIP_CONF=/no/such/file: there is no such"):
        site_settings.arguments({"ALTERNATOR_PIP_CONF": "/no/such/file"})
