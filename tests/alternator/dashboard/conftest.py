"""A dashboard that is served, over the sandbox's account."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard_site import HOSTILE, TEXT, DashboardSite

from alternator.accounts.account import Account
from alternator.store.drafts import NewDraft
from alternator.store.edit_history import Writing


@pytest.fixture
def dashboard(account: Account, tmp_path: Path) -> Iterator[DashboardSite]:
    """A dashboard without a token, of an account of which nothing is remembered."""
    with DashboardSite(account, tmp_path / "state") as site:
        yield site


@pytest.fixture
def filled(dashboard: DashboardSite) -> DashboardSite:
    """The same with something in each state."""
    for first, (state, number) in enumerate(
        [("described", 90), ("waiting", 7), ("claimed", 1), ("left", 30), ("failed", 60)]
    ):
        dashboard.fill(state, number, first=first * 1000)
    drafts = dashboard.account.state.drafts
    for number in range(3):
        drafts.keep(
            NewDraft(
                status_id=str(115_000_000_000_009_000 + number),
                kind="review",
                audience="public",
                basis="",
                texts={f"{number}7": "A cat sits on a windowsill & looks at the <rain>."},
                numbers={f"{number}7": 1},
            )
        )
    history = dashboard.account.state.history
    for number, text in enumerate((TEXT, HOSTILE)):
        post = str(115_000_000_000_000_090 - number)
        history.sending(
            post, [Writing(attachment_id=f"{post}1", kind="image", before=None, text=text)]
        )
        history.written(post, [f"{post}1"], edited_at=None)
    return dashboard
