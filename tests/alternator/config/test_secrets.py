import pytest

from alternator.config.database import DatabaseSettings
from alternator.config.models import VisionSettings
from alternator.config.secrets import secrets_of
from alternator.config.settings import Config, MastodonSettings
from alternator.config.signup import SignupSettings


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_secret_keys_and_the_passwords_of_proxies_are_secrets(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:of-the-proxy@proxy.example:3128")
    config = Config(
        mastodon=MastodonSettings(instance_url="https://social.example", access_token="the-token"),
        vision=VisionSettings(api_key="the-key"),
    )
    assert set(secrets_of(config)) == {"the-token", "the-key", "of-the-proxy"}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bot:of%2Fdatabase@db.example/posts",
        "postgresql://db.example/posts?user=bot&password=of%2Fdatabase",
    ],
)
def test_the_password_of_the_database_is_one_without_its_address(url: str):
    settings = MastodonSettings(instance_url="https://social.example", access_token="the-token")
    config = Config(mastodon=settings, database=DatabaseSettings(url=url))
    assert {url, "of/database"} <= set(secrets_of(config))


def test_what_is_not_set_is_no_secret():
    settings = MastodonSettings(instance_url="https://social.example", access_token="the-token")
    assert secrets_of(Config(mastodon=settings)) == ["the-token"]


def test_of_several_keys_each_is_a_secret():
    settings = MastodonSettings(instance_url="https://social.example", access_token="the-token")
    config = Config(mastodon=settings, signup=SignupSettings(key="the-first the-second"))
    assert {"the-first", "the-second"} <= set(secrets_of(config))
