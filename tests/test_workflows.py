"""What runs for us elsewhere: pinned, without rights, and with secrets in one job alone."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
# The one job that may have a secret and write.
PUBLISHING = ("release.yml", "publish")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
IN_THIS_REPOSITORY = re.compile(r"(\$|\.)/\.github/")
USES = re.compile(r"uses: *(?P<action>\S+)(?P<comment>.*)")
# What runs other people's code: a build, an installation from source, a script out of the network.
BUILDS = re.compile(r"\bmake\b|docker (buildx )?build|images build|venv\.sh|curl|wget|npm|\bsh\b")


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items():
            yield path.name, name, job


JOBS = [pytest.param(*entry, id=f"{entry[0]}-{entry[1]}") for entry in jobs()]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit_and_says_its_version(path: Path) -> None:
    found = [USES.search(line) for line in path.read_text("utf-8").splitlines()]
    for match in filter(None, found):
        if IN_THIS_REPOSITORY.match(match["action"]):
            continue
        assert PINNED.fullmatch(match["action"]), match["action"]
        assert re.fullmatch(r" # v\d+(\.\d+){1,2}", match["comment"]), match[0]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_right_of_its_own(path: Path) -> None:
    assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {}


@pytest.mark.parametrize(("workflow", "name", "job"), JOBS)
def test_one_job_alone_may_write(workflow: str, name: str, job: dict[str, Any]) -> None:
    rights = {right: level for right, level in job["permissions"].items() if level != "read"}
    assert rights == ({"id-token": "write"} if (workflow, name) == PUBLISHING else {})
    assert set(job["permissions"]) <= {"contents", "id-token"}


@pytest.mark.parametrize(("workflow", "name", "job"), JOBS)
def test_one_job_alone_has_a_secret(workflow: str, name: str, job: dict[str, Any]) -> None:
    secret = re.findall(r"secrets\b[.\[\w]*|github\.token", yaml.safe_dump(job))
    if (workflow, name) != PUBLISHING:
        assert secret == []
        return
    assert job["environment"] == "release"
    with_secret = [step for step in job["steps"] if "secrets." in yaml.safe_dump(step)]
    assert len(with_secret) == 1, "only the step that logs in"
    assert "docker login" in with_secret[0]["run"]
    assert "secrets" not in yaml.safe_dump(job.get("env", {}))


@pytest.mark.parametrize(("workflow", "name", "job"), JOBS)
def test_a_checkout_leaves_no_credentials_behind(
    workflow: str, name: str, job: dict[str, Any]
) -> None:
    for step in job.get("steps", ()):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize(("workflow", "name", "job"), JOBS)
def test_nothing_that_somebody_wrote_becomes_a_command(
    workflow: str, name: str, job: dict[str, Any]
) -> None:
    """An expression inside a script is pasted into it; a variable is not."""
    for step in job.get("steps", ()):
        assert "${{" not in step.get("run", "")
    assert "uses" in job or job["timeout-minutes"] > 0


def publishing() -> list[dict[str, Any]]:
    [steps] = [job["steps"] for path, name, job in jobs() if (path, name) == PUBLISHING]
    return list(steps)


def test_the_job_with_the_secrets_builds_nothing() -> None:
    for step in publishing():
        command = step.get("run", "")
        assert not BUILDS.search(command), command
        if "pip install" in command:
            for option in ("--require-hashes", "--no-deps", "--only-binary :all:"):
                assert option in command


def test_what_is_published_was_tested_and_looked_through() -> None:
    needs = {name: job.get("needs", []) for path, name, job in jobs() if path == PUBLISHING[0]}
    assert set(needs["publish"]) == {"test", "build", "scan"}
    built = [job for path, name, job in jobs() if (path, name) == (PUBLISHING[0], "build")]
    matrix = built[0]["strategy"]["matrix"]["include"]
    names = {f"{entry['variant']}-{entry['architecture']}" for entry in matrix}
    [scan] = [job for path, name, job in jobs() if (path, name) == (PUBLISHING[0], "scan")]
    assert set(scan["strategy"]["matrix"]["name"]) == names
    [publish] = [job for path, name, job in jobs() if (path, name) == PUBLISHING]
    assert set(publish["strategy"]["matrix"]["variant"]) == {e["variant"] for e in matrix}


def test_what_pushes_is_locked_by_hash() -> None:
    text = (ROOT / "tools" / "publishing-requirements.txt").read_text("utf-8")
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
    assert entries
    for entry in filter(str.strip, entries):
        assert re.match(r"[\w.-]+==\S+ \\\n +--hash=sha256:", entry), entry


def test_the_commands_of_the_publishing_job_are_known_without_an_installation() -> None:
    commands = re.findall(r"python -m images (\w+)", yaml.safe_dump(publishing()))
    assert commands == ["load", "push", "sign"]
    for command in commands:
        result = subprocess.run(
            [sys.executable, "-m", "images", command, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "usage: alternator images" in result.stdout
    result = subprocess.run(
        [sys.executable, "-m", "images", "sign", "registry.example/team/image:1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("alternator: 'registry.example/team/image:1' names no digest")
