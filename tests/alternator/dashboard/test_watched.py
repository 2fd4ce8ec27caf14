from pathlib import Path

from dashboard_site import DashboardSite

from alternator.accounts.account import Account
from alternator.config.settings import Config, MastodonSettings
from alternator.dashboard.watched import Watched
from alternator.store.interface import Store


def test_an_account_has_a_name_before_its_server_answers(
    account: Account, store: Store, tmp_path: Path
):
    site = DashboardSite(account, tmp_path / "state")
    assert site.watched.name == account.name
    settings = MastodonSettings(instance_url="https://social.example", access_token="x")
    unknown = Watched(
        config=Config(mastodon=settings),
        account=Account(settings, store),
        condition=site.watched.condition,
    )
    assert unknown.name == "social.example"
