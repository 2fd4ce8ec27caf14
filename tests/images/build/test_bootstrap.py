"""What mmdebstrap is told; nothing of the site stays in the base."""

from collections.abc import Mapping
from pathlib import Path

from images.build.bootstrap import mmdebstrap_command
from images.catalog import load_catalog
from images.engine.platforms import AMD64, ARM64, Platform

ARCHIVE = Path("/tmp/base.tar")


def command(files: Mapping[str, Path], platform: Platform = AMD64) -> list[str]:
    return mmdebstrap_command(load_catalog().base, platform, ARCHIVE, files)


def test_the_same_debian_and_python_for_the_platform() -> None:
    found = command({}, ARM64)
    assert "--architectures=arm64" in found
    assert any(word.startswith("--include=ca-certificates,python3") for word in found)
    assert found[-2:] == ["bookworm", str(ARCHIVE)]


def test_what_the_engine_mounts_over_is_empty() -> None:
    hooks = [word for word in command({}) if word.startswith("--customize-hook=: >")]
    assert [hook.split('"')[1] for hook in hooks] == [
        "$1/etc/hostname",
        "$1/etc/hosts",
        "$1/etc/resolv.conf",
    ]


def test_the_base_forgets_the_sites_mirrors() -> None:
    files = {name: Path("/site", name) for name in ("apt_sources", "apt_auth", "ca_bundle")}
    found = command(files)
    assert found[-1] == "/site/apt_sources"
    hooks = " ".join(word for word in found if word.startswith("--customize-hook="))
    assert "etc/apt/apt.conf.d/99mmdebstrap" in hooks
    assert ': > "$1/etc/apt/sources.list"' in hooks
    assert '--aptopt=Dir::Etc::netrc "/site/apt_auth"' in found
    assert '--aptopt=Acquire::https::CAInfo "/site/ca_bundle"' in found
