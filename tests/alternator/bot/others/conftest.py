"""People who ask, and what they are answered."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.model import entities
from sandbox.model.records import ACCOUNTS
from sandbox.server import SandboxServer


@pytest.fixture
def bot(make_bot: Callable[..., Any]) -> Any:
    """A bot whose account may be asked, and that has looked once: what comes now is new."""
    made = make_bot(others={"enabled": True})
    made.once()
    return made


class People:
    """Those who write to the demo account, by the names of their tokens."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server

    def post(self, who: str, text: str, **fields: Any) -> str:
        """Somebody posts; the id of their post."""
        return self.server.post(text, token=who, **fields)["id"]

    def write(self, who: str, text: str, **fields: Any) -> str:
        """Somebody writes a direct message to the account; its id."""
        return self.post(who, f"@demo {text}", visibility="direct", **fields)

    def answers(self, status_id: str) -> list[entities.Status]:
        """What the account answered to a post."""
        found = self.server.replies(status_id)
        return [one for one in found if one["account"]["username"] == "demo"]

    def said(self) -> list[str]:
        """All that the account ever posted, oldest first."""
        found = reversed(self.server.statuses())
        return [one["content"] for one in found if one["account"]["username"] == "demo"]

    def follows(self, who: str, whom: str) -> bool:
        """Whether somebody follows somebody, by their names."""
        ids = {account.username: account.id for account in ACCOUNTS.values()}
        return self.server.sandbox.store.is_following(ids[who], ids[whom])


@pytest.fixture
def people(server: SandboxServer) -> People:
    """The people of the sandbox; nobody follows anybody yet."""
    server.sandbox.store.follows.clear()
    return People(server)
