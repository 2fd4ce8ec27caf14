"""An image's configuration is put to one time, and nothing else about it changes."""

import hashlib
import io
import json
import tarfile

import pytest
from fake_engine import image_facts

from images.build import reproducible
from images.engine.answers import HistoryStep, ImageFacts
from images.errors import BuildError

MOMENT = "2026-11-22T20:00:00Z"


def facts(layers: int = 2) -> ImageFacts:
    return image_facts(
        "alternator:1",
        config={
            "User": "10001:10001",
            "Cmd": ["run"],
            "Hostname": "",
            "Image": "sha256:9",
            "OnBuild": None,
            "AttachStdin": False,
            "Labels": {"a": "b"},
        },
        layers=tuple(f"sha256:{number:064}" for number in range(layers)),
    )


def step(instruction: str, comment: str = "") -> HistoryStep:
    return HistoryStep(created_by=instruction, comment=comment, size=0)


STEPS = [  # newest first, as the engine answers
    step("LABEL a=b", "buildkit.dockerfile.v0"),
    step("RUN /bin/sh -c true # buildkit", "buildkit.dockerfile.v0"),
    step('/bin/sh -c #(nop)  CMD ["python3"]'),
    step("", "Imported from -"),
]


def test_every_time_is_the_commits() -> None:
    settled = reproducible.configuration(facts(), STEPS, MOMENT, "arm64")
    assert settled["created"] == MOMENT
    assert settled["architecture"] == "arm64"
    assert {step["created"] for step in settled["history"]} == {MOMENT}
    assert [step.get("empty_layer", False) for step in settled["history"]] == [
        *(False, True, False, True)
    ]
    assert settled["config"] == {"User": "10001:10001", "Cmd": ["run"], "Labels": {"a": "b"}}


def test_an_instruction_that_it_does_not_know_is_told() -> None:
    with pytest.raises(BuildError, match="tells of 2 layers and it has 3"):
        reproducible.configuration(facts(layers=3), STEPS, MOMENT, "arm64")


def test_the_digest_is_that_of_the_bytes_in_the_archive() -> None:
    content = reproducible.canonical(reproducible.configuration(facts(), STEPS, MOMENT, "arm64"))
    with tarfile.open(
        fileobj=io.BytesIO(reproducible.archive(content, "alternator:1", 2))
    ) as archive:
        stored = archive.extractfile("config.json")
        manifest = archive.extractfile("manifest.json")
        assert stored is not None and manifest is not None
        assert hashlib.sha256(stored.read()).digest() == hashlib.sha256(content).digest()
        assert json.load(manifest)[0]["RepoTags"] == ["alternator:1"]
