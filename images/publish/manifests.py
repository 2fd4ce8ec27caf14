"""Joins images of several platforms under one name in a registry, with ``docker manifest``.

The SDK has no call for it. The command-line client has the credentials of ``docker login``.
https://manpages.debian.org/testing/docker.io/docker-manifest-push.1.en.html
"""

import subprocess
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from images.engine.answers import EngineFacts
from images.engine.engine import Engine
from images.errors import ShipError

TIMEOUT_S = 300


def join(engine: Engine, reference: str, images: Sequence[str]) -> str:
    """Make ``reference`` an index of ``images``, references by digest in the same repository.

    Returns the index's digest; ShipError has the registry's reason. The registry must have the
    images; platforms are read from them.
    """
    options = ["--insecure"] if is_insecure(engine.facts(), reference) else []
    # The client keeps what a run that was stopped left, and would add to it.
    _manifest(engine, "rm", reference, must=False)
    _manifest(engine, "create", *options, reference, *images)
    return _manifest(engine, "push", "--purge", *options, reference).strip().splitlines()[-1]


def is_insecure(facts: EngineFacts, reference: str) -> bool:
    """Whether the engine talks to a registry without TLS: one on loopback, or as configured."""
    host = reference.partition("/")[0]
    known = facts.secure.get(host)
    if known is not None:
        return not known
    name = host.rpartition(":")[0] or host
    if name == "localhost":
        return True
    try:
        address = ip_address(name.strip("[]"))
    except ValueError:
        return False
    networks = [ip_network(text) for text in facts.insecure_networks]
    return any(address in network for network in networks)


def _manifest(engine: Engine, action: str, *arguments: str, must: bool = True) -> str:
    """What ``docker manifest`` prints; a ShipError with its last line if it ``must`` and fails."""
    known = engine.clients()
    if not known:
        raise ShipError("there is no `docker` client on PATH, which joins images of platforms")
    command = [str(known[0]), "manifest", action, *arguments]
    try:
        result = subprocess.run(
            command,
            env=engine.environ,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ShipError(f"`{' '.join(command)}` did not end within {TIMEOUT_S} s") from error
    if must and result.returncode != 0:
        words = (result.stderr or result.stdout or "it said nothing").strip().splitlines()
        raise ShipError(f"`{' '.join(command)}` failed: {words[-1]}")
    return result.stdout
