"""Two builds of the same files are one image; where they are not, the first file is named.

This builds with the real layer scripts (images/scripts/layers) alone; the whole image is built
twice in tests/images/cpu.
"""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from same_image import first_difference

from images.build import base
from images.build.builder import Builder
from images.build.reproducible import reset_times
from images.catalog import CHECKOUT
from images.engine.engine import Engine

EPOCH = 1_700_000_000
TAGS = ("alternator-test-same:1", "alternator-test-same:2")
DOCKERFILE = """\
ARG BASE
FROM ${BASE}
RUN --mount=type=bind,source=images/scripts/layers,target=/media \\
    --mount=type=bind,source=probe,target=/mnt \\
    sh /media/install-system.sh
RUN --mount=type=bind,source=images/scripts/layers,target=/media \\
    --mount=type=bind,source=alternator,target=/mnt \\
    sh /media/place.sh /mnt /opt/new/alternator
LABEL test=same
"""

Build = Callable[[str, str], None]


@pytest.fixture
def build(builder: Builder, tmp_path: Path) -> Iterator[Build]:
    """Builds a Dockerfile's text under a tag, without cache, and resets its times."""
    engine = builder.engine

    def run(text: str, tag: str) -> None:
        dockerfile = tmp_path / "Dockerfile"
        dockerfile.write_text(text)
        reference = base.resolve(builder, None, engine.platform)
        command = [str(engine.build_client), "build", "--no-cache", "--tag", tag]
        command += ["--file", str(dockerfile), "--build-arg", f"BASE={reference}", str(CHECKOUT)]
        result = subprocess.run(
            command, env=engine.build_environ(), capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
        reset_times(engine, tag, EPOCH)

    yield run
    for tag in TAGS:
        engine.client.images.remove(tag, force=True)


def test_two_builds_are_one_image(engine: Engine, build: Build) -> None:
    for tag in TAGS:
        build(DOCKERFILE, tag)
    assert first_difference(engine, *TAGS) is None


def test_the_first_differing_file_is_named(engine: Engine, build: Build) -> None:
    build(DOCKERFILE, TAGS[0])
    build(
        DOCKERFILE.replace("sh /media/place.sh", "echo > /opt/other; sh /media/place.sh"), TAGS[1]
    )
    difference = first_difference(engine, *TAGS)
    assert difference is not None
    assert difference.startswith("layer 2, /opt/other: absent and ")
