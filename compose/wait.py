"""Waits until the bot is healthy, and tells what it said last where it does not get there."""

import json
import re
import time

from docker.errors import DockerException
from docker.models.containers import Container

from compose.errors import UnhealthyError
from compose.stack import Project
from images.console import Console
from probe.errors import ENTRYPOINT_PREFIX

HEALTH_TIMEOUT_S = 3600  # a first start may have gigabytes to fetch over a slow line
LOG_LINES = 12
LINES_SINCE_COMPLAINT = 200
CHECK = ["alternator", "health"]  # the image's own
WRONG = re.compile(r"\S+ (error|warn) ")  # a line of the bot's log, by its level
# What stands before a line's own words: of the entrypoint, and of the bot.
PREFIX = re.compile(rf"{re.escape(ENTRYPOINT_PREFIX)}|\S+ \w+ +")


def last_words_of_the_dead(project: Project) -> str:
    """What the stack's containers that ended said last; empty where none ended."""
    return "\n".join(_report(container, f"{container.name} ended") for container in project.ended())


def until_healthy(
    project: Project,
    service: str,
    console: Console,
    timeout_s: float = HEALTH_TIMEOUT_S,
    *,
    ask: bool = False,
) -> Container:
    """The service's container once it is healthy; UnhealthyError with its last words otherwise.

    With ``ask`` the check is also run from here: Podman leaves it to systemd's timers, which need
    not be there (https://docs.podman.io/en/latest/markdown/podman-healthcheck-run.1.html).
    """
    deadline = time.monotonic() + timeout_s
    with console.status() as status:
        while True:
            container = project.container(service)
            if container is None:
                raise UnhealthyError(f"the container of {service} is gone: something removed it")
            health, state = _state(container)
            if health == "healthy" or (ask and state == "running" and _answers_well(container)):
                return container
            if state != "running" or container.attrs["RestartCount"] > 0 or health == "unhealthy":
                what = "restarting" if container.attrs["RestartCount"] > 0 else health or state
                raise UnhealthyError(_report(container, f"{service} is {what}"))
            if time.monotonic() > deadline:
                what = f"{service} is not healthy after {timeout_s:.0f} s"
                raise UnhealthyError(_report(container, what))
            status.update(_doing(container) or f"waiting for {service} to become healthy")
            time.sleep(0.5)


def _answers_well(container: Container) -> bool:
    try:
        return container.exec_run(CHECK).exit_code == 0
    except DockerException:
        return False


def waits_for_server(container: Container) -> str | None:
    """What a healthy bot says of a server that it can't reach yet; None where it works with one.

    A server that is down makes no bot ill (docs/operating.md), but whoever has just written its
    address wants to know.
    """
    try:
        output = container.exec_run(CHECK).output
        state = json.loads(output).get("server") if isinstance(output, bytes) else None
    except (DockerException, ValueError, AttributeError, RecursionError):
        return None
    if state not in ("unreachable", "refusing"):
        return None
    return _complaint(container) or f"{container.name}: its server is {state}"


def _complaint(container: Container) -> str:
    """The last that it logged as wrong, for somebody to read; what else it says came meanwhile."""
    try:
        lines = container.logs(tail=LINES_SINCE_COMPLAINT).decode("utf-8", "replace").splitlines()
    except DockerException:
        return ""
    wrong = [line for line in lines if WRONG.match(line)]
    return f"{container.name}: {PREFIX.sub('', wrong[-1], count=1)}" if wrong else ""


def _doing(container: Container) -> str:
    """What the container said last, for somebody who waits: the torch it installs, the model."""
    try:
        line = container.logs(tail=1).decode("utf-8", "replace").strip()
    except DockerException:
        return ""
    return f"{container.name}: {PREFIX.sub('', line, count=1)}" if line else ""


def _state(container: Container) -> tuple[str | None, str]:
    state = container.attrs["State"]
    return state.get("Health", {}).get("Status"), state["Status"]


def _report(container: Container, what: str) -> str:
    try:
        text = container.logs(tail=LOG_LINES).decode("utf-8", "replace")
    except DockerException:
        text = ""
    lines = "\n".join(f"    {line}" for line in text.splitlines()[-LOG_LINES:])
    return f"{what}. Its last words:\n{lines}\nMore: docker logs {container.name}"
