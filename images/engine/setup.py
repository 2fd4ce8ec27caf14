"""Makes sure that a container engine runs: finds, starts or, where allowed, installs it."""

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from images.console import Console
from images.engine import commands
from images.engine.apt import Apt
from images.engine.engine import Engine, EngineState
from images.errors import EngineError

DAEMON_LOG = Path("/var/log/alternator-dockerd.log")
PID_FILES = {
    Path("/var/run/docker.pid"): "dockerd",
    Path("/var/run/docker/containerd/containerd.pid"): "containerd",
}
START_TIMEOUT_S = 60
# Where systemd runs the machine, this folder is there:
# https://manpages.debian.org/wheezy-backports/libsystemd-daemon-dev/sd_booted.3.en.html
SYSTEMD = Path("/run/systemd/system")
GUIDE = "or follow the engine's own guide for your distribution, and run this command again."


PODMAN = """\
Podman is installed, and the socket that `make up` asks it by is not there. Type
    {command}
and run this command again."""
OF_USER = "systemctl --user enable --now podman.socket && loginctl enable-linger"
OF_ROOT = "systemctl enable --now podman.socket"


def ensure_engine(engine: Engine, apt: Apt, console: Console) -> str:
    """Return the name and version of a running engine that can build and compose.

    Where none runs, it is started; where none is installed and this is root on Debian or Ubuntu, it
    is installed. Otherwise an EngineError names the commands to type.
    """
    return Setup(engine=engine, apt=apt, console=console).ensure()


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What an engine is brought up with."""

    engine: Engine
    apt: Apt
    console: Console

    def ensure(self) -> str:
        """See ``ensure_engine``."""
        state = self.engine.state()
        if not state.reachable:
            state = self._make_reachable(state)
        if state.podman:
            _ = self.engine.build_command, self.engine.compose_command
            return f"Podman {state.version}"
        if self._lacks_clients():
            self._install("to build images and start the stack")
        _ = self.engine.build_client, self.engine.compose_command  # or the error that says why not
        return f"Docker {state.version or 'unknown'}"

    def _make_reachable(self, state: EngineState) -> EngineState:
        if state.permission_denied:
            raise EngineError(
                "a container engine runs, but you may not use it. Type\n"
                f"{commands.indented((commands.JOIN,), commands.here())}"
                "and run this command again. Or let an engine of your own run: "
                "dockerd-rootless-setuptool.sh install, or Podman's socket "
                f"({OF_USER})."
            )
        address = self.engine.environ.get("DOCKER_HOST")
        if address is not None:
            raise EngineError(
                f"no engine answers at DOCKER_HOST={address}: {state.why}. "
                "Correct the variable, or unset it to use this machine's own engine."
            )
        if self.apt.program("dockerd") is None:
            if self.apt.program("podman") is not None:
                command = OF_ROOT if os.geteuid() == 0 else OF_USER
                raise EngineError(PODMAN.format(command=command))
            self._install("since no container engine is here")
        return self.start_daemon()

    def _install(self, purpose: str) -> None:
        refusal = self.apt.refusal()
        v2 = self.apt.available("docker-compose-v2")
        compose = "docker-compose-v2" if v2 else "docker-compose"
        if refusal is not None:
            raise EngineError(
                f"no complete container engine is here, and none was installed because {refusal}. "
                f"Type\n{commands.to_install_engine(compose, commands.here())}{GUIDE}"
            )
        # Newer releases ship the client, buildx and Compose v2 as packages of their own.
        further = [name for name in ("docker-cli", "docker-buildx") if self.apt.available(name)]
        self.apt.install(["docker.io", "iptables", *further, compose], purpose)
        self.engine.forget_clients()

    def _lacks_clients(self) -> bool:
        try:
            _ = self.engine.build_client, self.engine.compose_command
        except EngineError:
            return True
        return False

    def start_daemon(self) -> EngineState:
        """Start the installed daemon, with systemd where it runs, and wait until it answers."""
        if os.geteuid() != 0:
            raise EngineError(
                "the container engine is installed but does not run. Type\n"
                f"{commands.indented((commands.START,), commands.here())}"
                "and run this command again."
            )
        if SYSTEMD.is_dir():
            self.console.say("Starting the container engine (systemctl start docker) ...")
            subprocess.run(["systemctl", "start", "docker"], capture_output=True, check=False)
        else:
            self.console.say(f"Starting the container engine (dockerd, log in {DAEMON_LOG}) ...")
            remove_stale_pid_files()
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
            state = self.engine.state()
            if state.reachable:
                return state
            time.sleep(0.5)
        raise EngineError(
            f"the container engine was started but did not answer within {START_TIMEOUT_S} s; "
            f"its last words are in {DAEMON_LOG} (or `journalctl -u docker`)"
        )


def remove_stale_pid_files(files: Mapping[Path, str] = PID_FILES) -> None:
    """Remove pid files whose process is another program: a daemon that was killed left them.

    After a restart the number belongs to something else, and dockerd would take that for itself.
    """
    for file, program in files.items():
        try:
            pid = int(file.read_text())
            running = Path("/proc", str(pid), "comm").read_text().strip()
        except ValueError:
            running = ""
        except OSError:
            continue  # no pid file, or no such process: dockerd copes with both
        if running != program:
            file.unlink(missing_ok=True)
