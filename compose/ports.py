"""Ports of this machine that a stack of ours is reached at."""

import socket
from itertools import chain

from docker.models.containers import Container

from compose.errors import ComposeError
from compose.stack import Project


def check(port: int, project: Project, service: str, variable: str) -> None:
    """ComposeError if another program than this service of ours holds a port of this machine.

    ``variable`` is what chooses another.
    """
    ours = project.container(service)
    if ours is not None and ours.status == "running" and _publishes(ours, port):
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ComposeError(
                f"port {port} on 127.0.0.1 is taken ({error.strerror}): choose another, for "
                f"example make up {variable}={port + 1}"
            ) from error


def _publishes(container: Container, port: int) -> bool:
    """Whether a container is reached at a port of this machine."""
    bound = chain.from_iterable(filter(None, container.ports.values()))
    return any(one.get("HostPort") == str(port) for one in bound)
