"""Makes sure that a container engine runs: finds, starts or, where allowed, installs it."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from images.console import say
from images.engine import apt, engine
from images.errors import EngineError

DAEMON_LOG = Path("/var/log/alternator-dockerd.log")
PID_FILES = {
    Path("/var/run/docker.pid"): "dockerd",
    Path("/var/run/docker/containerd/containerd.pid"): "containerd",
}
START_TIMEOUT_S = 60
COMMANDS = """\
    sudo apt-get install docker.io {compose}
    sudo usermod -aG docker $USER    # then log in again
or follow the engine's own guide for your distribution, and run this command again."""


def ensure_engine() -> str:
    """Return the version of a running engine that can build and compose.

    Where none runs, it is started; where none is installed and this is root on Debian or Ubuntu, it
    is installed. Otherwise an EngineError names the commands to type.
    """
    state = engine.engine_state()
    if not state.reachable:
        state = _make_reachable(state)
    if _lacks_clients():
        _install("to build images and start the stack")
    engine.build_client()
    engine.compose_command()
    return state.version or "unknown"


def _make_reachable(state: engine.EngineState) -> engine.EngineState:
    if state.permission_denied:
        raise EngineError(
            "a container engine runs, but you may not use it. Type\n"
            "    sudo usermod -aG docker $USER\n"
            "log in again, and run this command again."
        )
    if "DOCKER_HOST" in os.environ:
        raise EngineError(
            f"no engine answers at DOCKER_HOST={os.environ['DOCKER_HOST']}: {state.why}. "
            "Correct the variable, or unset it to use this machine's own engine."
        )
    if shutil.which("dockerd") is None:
        _install("since no container engine is here")
    return start_daemon()


def _install(purpose: str) -> None:
    refusal = apt.refusal()
    if refusal is not None:
        compose = "docker-compose-v2" if apt.available("docker-compose-v2") else "docker-compose"
        raise EngineError(
            f"no complete container engine is here, and none was installed because {refusal}. "
            f"Type\n{COMMANDS.format(compose=compose)}"
        )
    wanted = ["docker.io", "iptables"]
    # Newer releases ship the client, buildx and Compose v2 as packages of their own.
    wanted += [name for name in ("docker-cli", "docker-buildx") if apt.available(name)]
    v2 = apt.available("docker-compose-v2")
    wanted.append("docker-compose-v2" if v2 else "docker-compose")
    apt.install(wanted, purpose)
    engine.build_client.cache_clear()
    engine.compose_command.cache_clear()


def _lacks_clients() -> bool:
    try:
        engine.build_client()
        engine.compose_command()
    except EngineError:
        return True
    return False


def _remove_stale_pid_files() -> None:
    """Remove pid files whose process is another program: a daemon that was killed left them.

    After a restart the number belongs to something else, and dockerd would take that for itself.
    """
    for file, program in PID_FILES.items():
        try:
            pid = int(file.read_text())
            running = Path("/proc", str(pid), "comm").read_text().strip()
        except ValueError:
            running = ""
        except OSError:
            continue  # no pid file, or no such process: dockerd copes with both
        if running != program:
            file.unlink(missing_ok=True)


def start_daemon() -> engine.EngineState:
    """Start the installed daemon, with systemd where it runs, and wait until it answers."""
    if os.geteuid() != 0:
        raise EngineError(
            "the container engine is installed but does not run. Type\n"
            "    sudo systemctl enable --now docker\nand run this command again."
        )
    if Path("/run/systemd/system").is_dir():
        say("Starting the container engine (systemctl start docker) ...")
        subprocess.run(["systemctl", "start", "docker"], capture_output=True, check=False)
    else:
        say(f"Starting the container engine (dockerd, log in {DAEMON_LOG}) ...")
        _remove_stale_pid_files()
        with DAEMON_LOG.open("ab") as log:
            subprocess.Popen(
                ["dockerd"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # it outlives this command and its terminal
            )
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        state = engine.engine_state()
        if state.reachable:
            return state
        time.sleep(0.5)
    raise EngineError(
        f"the container engine was started but did not answer within {START_TIMEOUT_S} s; "
        f"its last words are in {DAEMON_LOG} (or `journalctl -u docker`)"
    )
