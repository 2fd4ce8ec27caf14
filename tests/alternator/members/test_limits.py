from alternator.errors import TemporaryServerError
from alternator.members.limits import USUAL, Limits, asked
from sandbox.server import SandboxServer


class Servers:
    """Servers that tell a limit, or nothing; in a time of their own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.limit: int | None = None
        self.asked = 0

    def ask(self, server: str) -> int:
        self.asked += 1
        if self.limit is None:
            raise TemporaryServerError(f"{server} can't be reached")
        return self.limit


def test_a_server_is_asked_once_in_a_while():
    servers = Servers()
    limits = Limits(servers.ask, lambda: servers.now)
    assert [limits.get("a"), limits.get("a")] == [USUAL, USUAL] and servers.asked == 1
    servers.now, servers.limit = 61.0, 400
    assert [limits.get("a"), limits.get("a")] == [400, 400] and servers.asked == 2
    # What it said once is better than nothing.
    servers.now, servers.limit = 5000.0, None
    assert limits.get("a") == 400 and servers.asked == 3


def test_a_server_tells_its_limit(server: SandboxServer):
    assert asked(server.url) == 1500
