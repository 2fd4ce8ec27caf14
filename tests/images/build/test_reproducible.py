"""An image's configuration is put to one time, and nothing else about it changes."""

import hashlib
import io
import json
import tarfile
from typing import Any

import pytest

from images.build import reproducible
from images.errors import BuildError

MOMENT = "2026-11-22T20:00:00Z"


def facts(layers: int = 2) -> dict[str, Any]:
    return {
        "Architecture": "amd64",
        "Os": "linux",
        "RepoTags": ["alternator:1"],
        "Config": {
            "User": "10001:10001",
            "Cmd": ["run"],
            "Hostname": "",
            "OnBuild": None,
            "AttachStdin": False,
            "Labels": {"a": "b"},
        },
        "RootFS": {"Layers": [f"sha256:{number:064}" for number in range(layers)]},
    }


STEPS = [  # newest first, as the engine answers
    {"CreatedBy": "LABEL a=b", "Comment": "buildkit.dockerfile.v0", "Created": 9},
    {"CreatedBy": "RUN /bin/sh -c true # buildkit", "Comment": "buildkit.dockerfile.v0"},
    {"CreatedBy": '/bin/sh -c #(nop)  CMD ["python3"]', "Comment": ""},
    {"CreatedBy": "", "Comment": "Imported from -"},
]


def test_every_time_is_the_commits() -> None:
    settled = reproducible.configuration(facts(), STEPS, MOMENT)
    assert settled["created"] == MOMENT
    assert {step["created"] for step in settled["history"]} == {MOMENT}
    assert [step.get("empty_layer", False) for step in settled["history"]] == [
        *(False, True, False, True)
    ]
    assert settled["config"] == {"User": "10001:10001", "Cmd": ["run"], "Labels": {"a": "b"}}


def test_an_instruction_that_it_does_not_know_is_told() -> None:
    with pytest.raises(BuildError, match="tells of 2 layers and it has 3"):
        reproducible.configuration(facts(layers=3), STEPS, MOMENT)


def test_the_digest_is_that_of_the_bytes_in_the_archive() -> None:
    content = reproducible.canonical(reproducible.configuration(facts(), STEPS, MOMENT))
    with tarfile.open(
        fileobj=io.BytesIO(reproducible.archive(content, "alternator:1", 2))
    ) as archive:
        stored = archive.extractfile("reproducible.json")
        manifest = archive.extractfile("manifest.json")
        assert stored is not None and manifest is not None
        assert hashlib.sha256(stored.read()).digest() == hashlib.sha256(content).digest()
        assert json.load(manifest)[0]["RepoTags"] == ["alternator:1"]


def test_seconds_become_the_time_format_of_images() -> None:
    assert reproducible.timestamp(315532800) == "1980-01-01T00:00:00Z"
