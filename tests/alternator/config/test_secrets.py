from alternator.config.models import VisionSettings
from alternator.config.secrets import secrets_of
from alternator.config.settings import Config, MastodonSettings


def test_secret_keys_and_passwords_within_addresses_are_secrets():
    config = Config(
        mastodon=MastodonSettings(
            instance_url="https://me:in-the-address@social.example", access_token="the-token"
        ),
        vision=VisionSettings(api_key="the-key", base_url="https://me:here-too@models.example/v1"),
    )
    assert set(secrets_of(config)) == {"the-token", "in-the-address", "the-key", "here-too"}


def test_what_is_not_set_is_no_secret():
    settings = MastodonSettings(instance_url="https://social.example", access_token="the-token")
    assert secrets_of(Config(mastodon=settings)) == ["the-token"]
