from dataclasses import replace

import pytest

from alternator.config.conduct import MessageSettings
from alternator.config.effect import without_effect
from alternator.config.models import SERVER_ENGINE, VisionSettings, WhisperSettings
from alternator.config.others import OthersSettings
from alternator.config.settings import (
    BalanceSettings,
    Config,
    HealthSettings,
    MastodonSettings,
)
from alternator.config.signup import SignupSettings
from alternator.config.source import KeyName

ACCOUNT = MastodonSettings(instance_url="https://social.example", access_token="a-token")
PLAIN = Config(mastodon=ACCOUNT)
WITH_A_KEY = replace(PLAIN, vision=VisionSettings(api_key="k"))


def of_whisper(settings: WhisperSettings) -> Config:
    return replace(PLAIN, whisper=settings)


@pytest.mark.parametrize(
    ("config", "key", "reason"),
    [
        (PLAIN, ("balance", "threshold"), "[balance] enabled is false"),
        (
            replace(PLAIN, balance=BalanceSettings(enabled=True)),
            ("balance", "enabled"),
            "there is no endpoint: neither [vision] api_key nor a base_url of your own",
        ),
        (
            replace(PLAIN, messages=MessageSettings(token=True)),
            ("messages", "token"),
            "a refused token sends nothing: set [messages] access_token",
        ),
        (
            PLAIN,
            ("vision", "model"),
            "there is no endpoint: neither [vision] api_key nor a base_url of your own",
        ),
        (
            replace(PLAIN, vision=VisionSettings(api_key="k", vision_model="a", text_model="b")),
            ("vision", "model"),
            "[vision] vision_model and text_model name one for each use",
        ),
        (
            of_whisper(WhisperSettings(enabled=False)),
            ("whisper", "model"),
            "[whisper] enabled is false",
        ),
        (
            of_whisper(WhisperSettings(device="cpu")),
            ("whisper", "backend"),
            "[whisper] device says cpu",
        ),
        (PLAIN, ("database", "connections"), "there is no [database] url"),
        (PLAIN, ("others", "who"), "[others] enabled is false"),
        (
            replace(PLAIN, others=OthersSettings(enabled=True, all_posts=False)),
            ("others", "wait_minutes"),
            "[others] all_posts is false",
        ),
        (PLAIN, ("whisper", "server_model"), "there is no [whisper] server_url"),
        (
            of_whisper(WhisperSettings(engine="openai")),
            ("whisper", "batch_size"),
            "openai can't do anything with it",
        ),
        (
            of_whisper(WhisperSettings(engine="whisper.cpp", fallback_engines=("openai",))),
            ("whisper", "min_confidence"),
            "of openai and whisper.cpp none tells a confidence",
        ),
        (replace(PLAIN, health=HealthSettings(port=0)), ("health", "host"), "[health] port is 0"),
        (PLAIN, ("signup", "note"), "[signup] server names no server"),
        (
            replace(
                PLAIN, signup=SignupSettings(server=("https://x.example",), choices=("style",))
            ),
            ("signup", "modes"),
            "[signup] choices has no mode",
        ),
    ],
)
def test_a_key_without_effect_is_named_with_its_reason(config: Config, key: KeyName, reason: str):
    assert without_effect(config, [key, ("logging", "level")]) == {key: reason}


@pytest.mark.parametrize(
    "key",
    [
        ("whisper", "enabled"),
        ("whisper", "backend"),
        ("whisper", "compute_type"),
        ("whisper", "min_confidence"),
        ("vision", "model"),
        ("health", "host"),
    ],
)
def test_what_takes_effect_is_not_named(key: KeyName):
    assert without_effect(WITH_A_KEY, [key]) == {}


def test_a_server_may_tell_a_confidence():
    config = of_whisper(WhisperSettings(engine=SERVER_ENGINE, server_url="http://a.example/v1"))
    assert without_effect(config, [("whisper", "min_confidence")]) == {}
