"""What Podman prints while it builds, as a person is told it."""

import io

from images.build.progress_podman import PodmanProgress
from images.console import Console

# Podman 4.3.1, November 2026, of the sandbox's image.
OUTPUT = """\
[1/2] STEP 1/3: FROM alternator-base:bookworm AS packages
--> Using cache f8ff963da966
--> f8ff963da96
[1/2] STEP 2/3: ENV PIP_ROOT_USER_ACTION=ignore
[2/2] STEP 3/3: RUN --mount=type=secret,id=ca_bundle sh /install-packages.sh
no such package
Error: building at STEP "RUN sh /install-packages.sh": while running runtime: exit status 1
"""


def test_each_step_is_shown_and_the_last_one_is_where_it_failed() -> None:
    said = io.StringIO()
    with Console(said).status() as status:
        progress = PodmanProgress(status)
        for line in OUTPUT.splitlines():
            progress.feed(line)
    assert "  2/2  sh /install-packages.sh ..." in said.getvalue().splitlines()
    assert progress.cached == 1
    assert progress.failure == [
        "2/2  sh /install-packages.sh",
        "no such package",
        'Error: building at STEP "RUN sh /install-packages.sh": while running runtime: exit '
        "status 1",
    ]


def test_steps_of_a_single_stage_have_no_number_of_it() -> None:
    with Console(io.StringIO()).status() as status:
        progress = PodmanProgress(status)
        progress.feed("STEP 1/2: FROM base")
        assert progress.failure == ["1/1  FROM base"]
