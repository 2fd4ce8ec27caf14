"""Where the container engine listens, where nobody has said so: as its own clients find it.

In this order: ``DOCKER_HOST``; the context of Docker's client (``docker context use rootless``);
this machine's own engine; a rootless one of this user, or Docker Desktop's; Podman's, of this user
and of root. The SDK knows the first and the third alone.
https://docs.docker.com/engine/manage-resources/contexts/
https://docs.docker.com/engine/security/rootless/
https://docs.podman.io/en/latest/markdown/podman-system-service.1.html
"""

import hashlib
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path

HOST, CONTEXT = "DOCKER_HOST", "DOCKER_CONTEXT"
SYSTEM = "/var/run/docker.sock"
PODMAN_OF_ROOT = "/run/podman/podman.sock"
CONNECT_S = 2


def with_address(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with ``DOCKER_HOST`` in it, so that SDK and clients ask the same engine.

    As it is where the address is given, or where the usual one is right.
    """
    if environ.get(HOST):
        return {**environ}
    named = of_context(environ)
    if named is not None:
        return {**environ, HOST: named}
    if listens(SYSTEM):
        return {**environ}
    found = next((path for path in sockets(environ) if listens(path)), None)
    return {**environ, **({HOST: f"unix://{found}"} if found else {})}


def sockets(environ: Mapping[str, str]) -> list[str]:
    """Where engines listen that are not the system's Docker."""
    home = environ.get("HOME") or str(Path.home())
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return [
        f"{runtime}/docker.sock",
        f"{home}/.docker/desktop/docker.sock",
        f"{home}/.docker/run/docker.sock",
        f"{runtime}/podman/podman.sock",
        PODMAN_OF_ROOT,
    ]


def listens(path: str) -> bool:
    """Whether somebody accepts a connection there from this user."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(CONNECT_S)
        try:
            line.connect(path)
        except OSError:  # too long a path as well
            return False
    return True


def of_context(environ: Mapping[str, str]) -> str | None:
    """The address of the context that Docker's client uses; None for its default one.

    A context with keys for TLS is left to the client: the SDK takes them from DOCKER_CERT_PATH.
    """
    home = environ.get("HOME") or str(Path.home())
    folder = Path(environ.get("DOCKER_CONFIG") or f"{home}/.docker")
    name = environ.get(CONTEXT) or _text(_read(folder / "config.json"), "currentContext")
    if not name or name == "default":
        return None
    # https://github.com/docker/cli/blob/master/cli/context/store/metadatastore.go
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    endpoints = _read(meta).get("Endpoints")
    docker = endpoints.get("docker") if isinstance(endpoints, dict) else None
    return _text(docker, "Host") if isinstance(docker, dict) else None


def _read(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(found: Mapping[str, object], key: str) -> str | None:
    value = found.get(key)
    return value if isinstance(value, str) and value else None
