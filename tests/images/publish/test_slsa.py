"""Provenance says what is known of a build, and no more."""

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fake_engine import image_facts

from images.publish.slsa import BUILD_TYPE, LOCAL_BUILDER, provenance
from probe.universal.lock import Entry, Lock, render

LOCK = Lock(
    build="cpu-2.13.0-cpu",
    platform="cp311 x86_64",
    inputs="0",
    packages=(Entry(name="Mastodon.py", version="2.3.3", hashes=("a" * 64,)),),
)
WORKFLOW = {
    "GITHUB_SERVER_URL": "https://git.example",
    "GITHUB_WORKFLOW_REF": "team/alternator/.github/workflows/release.yml@refs/tags/v1",
    "GITHUB_REPOSITORY": "team/alternator",
    "GITHUB_RUN_ID": "17",
    "GITHUB_RUN_ATTEMPT": "2",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of one commit, with one lock."""
    folder = tmp_path / "images" / "cpu"
    folder.mkdir(parents=True)
    (folder / "cpu-2.13.0-cpu.x86_64.lock").write_text(render(LOCK))
    for command in ("init --quiet", "add .", "commit --quiet --message one"):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *identity, *command.split()], cwd=tmp_path, check=True)
    return tmp_path


def said(checkout: Path, labels: dict[str, str], environ: dict[str, str] | None = None) -> Any:
    known = {
        "alternator.variant": "cpu",
        "alternator.torch": "2.13.0",
        "alternator.wheel": "cpu",
        "org.opencontainers.image.source": "https://git.example/team/alternator",
        "org.opencontainers.image.base.name": f"python:3.11@sha256:{'b' * 64}",
        **labels,
    }
    image = image_facts("alternator:1-cpu", architecture="amd64", labels=known)
    return provenance(image, environ or {}, checkout)


def head(checkout: Path) -> str:
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(
        command, cwd=checkout, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_of_an_image_of_this_commit_everything_is_told(checkout: Path) -> None:
    commit = head(checkout)
    found = said(checkout, {"org.opencontainers.image.revision": commit})
    definition = found["buildDefinition"]
    assert definition["buildType"] == BUILD_TYPE
    assert definition["externalParameters"] == {
        "variant": "cpu",
        "torch": "2.13.0",
        "wheel": "cpu",
        "platform": "linux/amd64",
    }
    lock = "images/cpu/cpu-2.13.0-cpu.x86_64.lock"
    assert definition["resolvedDependencies"] == [
        {
            "name": "source",
            "digest": {"gitCommit": commit},
            "uri": "git+https://git.example/team/alternator",
        },
        {"name": "base image python:3.11", "digest": {"sha256": "b" * 64}},
        {
            "name": lock,
            "digest": {"sha256": hashlib.sha256((checkout / lock).read_bytes()).hexdigest()},
        },
        {"uri": "pkg:pypi/mastodon-py@2.3.3", "digest": {"sha256": "a" * 64}},
    ]
    assert found["runDetails"] == {"builder": {"id": LOCAL_BUILDER}}


def test_of_another_commit_no_package_is_told(checkout: Path) -> None:
    found = said(checkout, {"org.opencontainers.image.revision": "c" * 40})
    names = [entry["name"] for entry in found["buildDefinition"]["resolvedDependencies"]]
    assert names == ["source", "base image python:3.11"]


def test_changed_files_are_not_hidden(checkout: Path) -> None:
    (checkout / "images/cpu/cpu-2.13.0-cpu.x86_64.lock").write_text("changed")
    commit = f"{head(checkout)}-dirty"
    found = said(checkout, {"org.opencontainers.image.revision": commit})
    source = found["buildDefinition"]["resolvedDependencies"][0]
    assert source["digest"] == {"gitCommit": head(checkout)}
    assert source["annotations"] == {"changed": "files differed from the commit"}


def test_a_workflow_names_itself_and_its_run(checkout: Path) -> None:
    assert said(checkout, {}, WORKFLOW)["runDetails"] == {
        "builder": {"id": f"https://git.example/{WORKFLOW['GITHUB_WORKFLOW_REF']}"},
        "metadata": {
            "invocationId": "https://git.example/team/alternator/actions/runs/17/attempts/2"
        },
    }


def test_what_is_unknown_is_left_out(checkout: Path) -> None:
    unknown = {f"org.opencontainers.image.{name}": "" for name in ("source", "base.name")}
    found = said(checkout, unknown)
    assert found["buildDefinition"]["resolvedDependencies"] == []
