"""The pages of members over a sandbox server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from member_site import MemberWebsite

from alternator.config.database import DatabaseSettings
from sandbox.server import SandboxServer


@pytest.fixture
def make_site(
    server: SandboxServer, database: DatabaseSettings
) -> Iterator[Callable[..., MemberWebsite]]:
    """Makes sites: ``make_site(most_accounts=1)``."""
    with ExitStack() as stack:

        def make(**wanted: Any) -> MemberWebsite:
            return stack.enter_context(MemberWebsite(server, database, **wanted))

        yield make


@pytest.fixture
def site(make_site: Callable[..., MemberWebsite]) -> MemberWebsite:
    """One as it comes."""
    return make_site()
