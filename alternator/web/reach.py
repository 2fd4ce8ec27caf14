"""Where requests may go: an address that somebody else wrote must not open the operator's network.

A server's answer names addresses (of media, of redirects). Taken at its word, it could have this
program ask the router, a database or the cloud's metadata service. So an address that is not
public is refused, unless the server that is worked for is at such an address itself.
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

import requests

# "public", or what kind of network an address belongs to instead.
Network = Literal["public", "private", "loopback", "link-local"]
Resolve = Callable[[str], tuple[str, ...]]

# An IPv6 address that carries one of IPv4: a translator passes it on to that one.
# https://www.rfc-editor.org/rfc/rfc6052#section-2.1
NAT64 = ipaddress.ip_network("64:ff9b::/96")

# By the network that the server is in: which others its media may be in. What is on the server's
# own machine is nearer than the network around it, and link-local is where clouds keep metadata.
ALSO_REACHED: dict[Network, frozenset[Network]] = {
    "public": frozenset({"public"}),
    "private": frozenset({"public", "private"}),
    "loopback": frozenset({"public", "private", "loopback"}),
    "link-local": frozenset({"public", "private", "link-local"}),
}


class ForbiddenAddressError(requests.RequestException):
    """An address leads into a network that it has no business in."""


class Reach:
    """Which addresses may be connected to. Without ``allowed`` networks: any."""

    def __init__(self, allowed: Callable[[], frozenset[Network]] | None = None) -> None:
        self._allowed = allowed

    @classmethod
    def outside(cls, own_url: str, resolve: "Resolve | None" = None) -> "Reach":
        """Public addresses, and those of the network that the server at ``own_url`` is in.

        Where the server is gets looked up when it matters, and not for each request.
        """
        found: list[frozenset[Network]] = []

        def allowed() -> frozenset[Network]:
            if not found:
                host = urlsplit(own_url).hostname or ""
                networks = {network_of(address) for address in (resolve or addresses_of)(host)}
                if not networks:  # it can't be looked up at the moment: ask again next time
                    return ALSO_REACHED["public"]
                found.append(frozenset().union(*(ALSO_REACHED[network] for network in networks)))
            return found[0]

        return cls(allowed)

    def allows(self, address: str) -> bool:
        """Whether an IP address may be connected to."""
        if self._allowed is None:
            return True
        network = network_of(address)
        return network == "public" or network in self._allowed()

    def allows_name(self, host: str) -> bool:
        """Whether a host may be asked for through a proxy, which looks it up by itself.

        A name that this machine can't look up is left to the proxy.
        """
        if self._allowed is None:
            return True
        return all(self.allows(address) for address in addresses_of(host))


ANYWHERE = Reach()


def network_of(address: str) -> Network:
    """The network that an IP address belongs to. ValueError if it is none."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return network_of(str(inner))
    # 0.0.0.0 and :: connect to this machine.
    if found.is_loopback or found.is_unspecified:
        return "loopback"
    if found.is_link_local:
        return "link-local"
    return "public" if found.is_global and not found.is_multicast else "private"


def addresses_of(host: str) -> tuple[str, ...]:
    """The IP addresses of a host; none if it can't be looked up."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(str(entry[4][0]) for entry in found)
