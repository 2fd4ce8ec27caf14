from alternator.config.models import VisionSettings
from alternator.config.settings import Config, HealthSettings, MastodonSettings
from alternator.dashboard.settings_view import sections_of

CONFIG = Config(
    mastodon=MastodonSettings(instance_url="https://social.example", access_token="a-secret-one"),
    vision=VisionSettings(api_key="another-secret", base_url="https://me:hidden@ai.example/v1"),
    health=HealthSettings(port=0),
)


def test_every_key_is_there_and_no_secret():
    found = {
        (section.name, setting.name): setting
        for section in sections_of(CONFIG)
        for setting in section.settings
    }
    assert found["mastodon", "access_token"].value == "***"
    assert found["vision", "api_key"].value == "***"
    assert found["vision", "base_url"].value == '"https://me:***@ai.example/v1"'
    assert found["dashboard", "token"].value == "not set"
    shown = " ".join(setting.value for setting in found.values())
    assert not {"a-secret-one", "another-secret", "hidden"} & set(shown.split('"'))
    assert found["health", "host"].without_effect == "[health] port is 0"
    assert found["health", "port"].is_default is False
    assert found["mastodon", "user_stream"].is_default
    assert len(found) > 50
