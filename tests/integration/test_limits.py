"""The limits of the running stack: what the engine was told, and what a process inside meets."""

import json

import pytest
from demo_client import Demo, output_of
from docker.models.containers import Container

from probe.report.snippet_settings import MEMORY_LIMIT, PIDS_LIMIT, USER

MEMORY_BYTES = {"bot": MEMORY_LIMIT * 2**30, "sandbox": 2**30, "vision": 2**30}
PIDS = {"bot": PIDS_LIMIT, "sandbox": 128, "vision": 128}

# Forks until it may not, or 600 times; each child waits to be told to end.
FORK = """
import errno, json, os, signal
children, error = [], None
while len(children) < 600:
    try:
        child = os.fork()
    except OSError as problem:
        error = errno.errorcode[problem.errno]
        break
    if child == 0:
        signal.pause()
    children.append(child)
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
print(json.dumps({"children": len(children), "error": error}))
"""
# By either version of the cgroups; a container sees its own group as the root of the mount.
LIMITS = """
import json, pathlib
root = pathlib.Path("/sys/fs/cgroup")
def first(*names):
    return next(int((root / n).read_text()) for n in names if (root / n).is_file())
print(json.dumps({
    "memory": first("memory.max", "memory/memory.limit_in_bytes"),
    "pids": first("pids.max", "pids/pids.max"),
}))
"""
CONFINED = """
import json
from alternator.media.confined import standing
print(json.dumps({"words": standing.in_words()}))
"""
WRITE = """
import errno, json
found = {}
for path in ("/x", "/opt/alternator/x", "/etc/x", "/usr/local/x", "/tmp/x", "/dev/shm/x"):
    try:
        open(path, "w").close()
        found[path] = "written"
    except OSError as problem:
        found[path] = errno.errorcode[problem.errno]
print(json.dumps(found))
"""


@pytest.fixture(scope="module", params=["bot", "sandbox", "vision"])
def container(demo: Demo, request: pytest.FixtureRequest) -> Container:
    """One after the other, every container of the demo."""
    found = demo.container(request.param)
    found.reload()
    return found


def service(container: Container) -> str:
    return str(container.labels["com.docker.compose.service"])


def inside(container: Container, program: str) -> dict[str, object]:
    """What a Python program in the container prints, as the user that it runs as."""
    answer: dict[str, object] = json.loads(output_of(container, "python", "-c", program))
    return answer


def test_the_engine_was_told(container: Container) -> None:
    settings = container.attrs["HostConfig"]
    assert settings["PidsLimit"] == PIDS[service(container)]
    assert settings["Memory"] == MEMORY_BYTES[service(container)]
    assert settings["ReadonlyRootfs"] is True
    assert settings["Privileged"] is False
    assert settings["CapDrop"] == ["ALL"] and not settings["CapAdd"]
    assert [option.partition(":")[0] for option in settings["SecurityOpt"]] == ["no-new-privileges"]
    assert settings["Ulimits"] == [{"Name": "core", "Soft": 0, "Hard": 0}]
    assert not settings["Devices"] and not settings["PidMode"]
    assert settings["NetworkMode"] != "host" and settings["IpcMode"] != "host"
    assert not any("docker.sock" in mount["Source"] for mount in container.attrs["Mounts"])


def test_no_log_grows_without_bound(container: Container) -> None:
    """The local driver rotates by itself: 100 MB in five files, unless told otherwise."""
    log = container.attrs["HostConfig"]["LogConfig"]
    assert log == {"Type": "local", "Config": {}}
    if service(container) == "bot":
        assert b"Whisper model" in container.logs()  # and `docker logs` still reads it


def test_the_limits_are_those_of_its_cgroup(container: Container) -> None:
    expected = {"memory": MEMORY_BYTES[service(container)], "pids": PIDS[service(container)]}
    assert inside(container, LIMITS) == expected


def test_a_fork_bomb_is_stopped(container: Container) -> None:
    """And the container goes on: the limit holds for what it starts, not for what runs."""
    found = inside(container, FORK)
    assert found["error"] == "EAGAIN"
    assert isinstance(found["children"], int) and 0 < found["children"] < PIDS[service(container)]
    assert inside(container, FORK)["children"]


def test_only_tmpfs_can_be_written(container: Container) -> None:
    found = inside(container, WRITE)
    assert {path for path, what in found.items() if what == "written"} == {"/tmp/x", "/dev/shm/x"}
    assert {what for what in found.values() if what != "written"} <= {"EROFS", "EACCES"}
    assert found["/x"] == "EROFS"


def test_no_process_has_a_capability_or_can_get_one(container: Container) -> None:
    status = output_of(container, "cat", "/proc/1/status")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0, name
    assert fields["NoNewPrivs"].strip() == "1"
    assert fields["Seccomp"].strip() == "2"
    assert set(fields["Uid"].split()) == set(fields["Gid"].split()) == {str(USER)}
    user = container.attrs["Config"]["User"]
    assert user.replace(":", "").isdecimal(), f"{user!r} is no number"


def test_what_decodes_is_confined_within_its_container(container: Container) -> None:
    """With the engine's own profile: it lets a process give up rights."""
    if service(container) != "bot":
        pytest.skip("nothing is decoded there")
    words = str(inside(container, CONFINED)["words"])
    assert words.startswith("seccomp on, landlock o"), words
    # The kernel may have no Landlock, or an old engine may refuse it; our programs start with it.
    assert "does not start" not in words and "script" not in words
