"""References of images in registries: which repository, and whether it is asked over TLS."""

from ipaddress import ip_address, ip_network

from images.engine.answers import EngineFacts
from images.errors import ShipError
from images.publish.registry import Repository


def repository(facts: EngineFacts, name: str) -> Repository:
    """The repository of ``host[:port]/path``. ShipError for a name without a host."""
    host, _, path = name.partition("/")
    if not path or not (set(".:") & set(host) or host == "localhost"):
        raise ShipError(
            f"{name} names no registry: host[:port]/path, such as registry.example/team"
        )
    return Repository(host=host, path=path, secure=not is_insecure(facts, name))


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
