"""The answers to a post on a sandbox server."""

from sandbox.model import entities
from sandbox.server import SandboxServer


def chain(server: SandboxServer, below: str) -> list[entities.Status]:
    """What is below a post, each below the one before."""
    found = []
    while answers := server.replies(below):
        (answer,) = answers
        found.append(answer)
        below = answer["id"]
    return found
