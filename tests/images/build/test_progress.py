"""BuildKit's plain progress becomes lines for a person, and a failure becomes its reason."""

import pytest

from images.build.progress import BuildProgress, describe
from images.console import Console

FAILED_BUILD = """\
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#4 [base 1/1] FROM docker.io/library/alternator-base:bookworm
#4 CACHED
#5 [packages 1/2] RUN python3 -m venv /opt/build
#5 0.301 making it
#5 DONE 4.2s
#6 [packages 2/2] RUN --mount=type=cache,target=/root/.cache TORCH_INDEX_URL=x sh /scripts/install
#6 0.5 Collecting torch
#6 1.2 ERROR: No matching distribution found for torch==9
#7 [runtime 1/1] RUN apt-get update
#7 1.3 Get:1 packages
#6 ERROR: executor failed running [sh /scripts/install]: exit code: 1
#7 CANCELED
"""


def test_a_failed_build(capsys: pytest.CaptureFixture[str]) -> None:
    progress = BuildProgress(Console(terminal=False).status())
    for line in FAILED_BUILD.splitlines():
        progress.feed(line)
    assert progress.cached == 1
    assert progress.failure == [
        "packages 2/2  sh /scripts/install",
        "Collecting torch",
        "ERROR: No matching distribution found for torch==9",
        "executor failed running [sh /scripts/install]: exit code: 1",
    ]
    assert capsys.readouterr().out == "  packages 1/2  python3 -m venv /opt/build  4.2 s\n"


def test_describe_shortens_long_instructions() -> None:
    text = describe("runtime 3/5", "RUN " + "x" * 100)
    assert text == "runtime 3/5  " + "x" * 60 + "…"
    assert describe("a 1/1", "COPY a /b") == "a 1/1  COPY a /b"
