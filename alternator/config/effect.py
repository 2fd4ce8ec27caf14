"""Which keys were set and change nothing as the rest of the configuration is, and why."""

from collections.abc import Collection, Iterator, Mapping

from alternator.config.models import SERVER_ENGINE, VisionSettings, WhisperSettings
from alternator.config.others import OthersSettings
from alternator.config.settings import BalanceSettings, Config, keys_of
from alternator.config.signup import SignupSettings
from alternator.config.source import KeyName

# Engines that have no such option: docs/engines.md, and the keys' own descriptions.
ENGINES_WITHOUT: Mapping[str, frozenset[str]] = {
    "compute_type": frozenset(("openai", SERVER_ENGINE, "whisper.cpp")),
    "batch_size": frozenset(("openai", "whisper.cpp")),
}
# A server that tells none is named when it has answered: alternator/alt_text/heard.py.
CONFIDENT = frozenset(("auto", "alternator", SERVER_ENGINE))


def without_effect(config: Config, was_set: Collection[KeyName]) -> dict[KeyName, str]:
    """The reason by key, for those of the keys that were set."""
    reasons = dict(reasons_of(config))
    found = {}
    for section, name in was_set:
        reason = reasons.get((section, name))
        if reason:
            found[section, name] = reason
    return found


def reasons_of(config: Config) -> Iterator[tuple[KeyName, str]]:
    """Every key that has no effect in this configuration, with the reason."""
    for name, reason in reasons_of_vision(config.vision):
        yield ("vision", name), reason
    for name, reason in reasons_of_whisper(config.whisper):
        yield ("whisper", name), reason
    for name, reason in reasons_of_balance(config):
        yield ("balance", name), reason
    if config.messages.token and config.messages.access_token is None:
        yield ("messages", "token"), "a refused token sends nothing: set [messages] access_token"
    for name, reason in reasons_of_others(config.others):
        yield ("others", name), reason
    if config.health.port == 0:
        yield ("health", "host"), "[health] port is 0"
    if config.database.url is None:
        yield ("database", "connections"), "there is no [database] url"
    if config.dashboard.port == 0:
        for name in ("host", "token", "names"):
            yield ("dashboard", name), "[dashboard] port is 0"
    if not config.signup.server:
        for name in keys_of(SignupSettings):
            if name != "server":
                yield ("signup", name), "[signup] server names no server"
    elif "mode" not in config.signup.choices:
        yield ("signup", "modes"), "[signup] choices has no mode"


def reasons_of_vision(settings: VisionSettings) -> Iterator[tuple[str, str]]:
    """Those of ``[vision]``."""
    if not settings.enabled:
        for name in keys_of(VisionSettings):
            yield name, "there is no endpoint: neither [vision] api_key nor a base_url of your own"
    elif settings.vision_model and settings.text_model:
        yield "model", "[vision] vision_model and text_model name one for each use"


def reasons_of_balance(config: Config) -> Iterator[tuple[str, str]]:
    """Those of ``[balance]``."""
    if not config.balance.enabled:
        yield "threshold", "[balance] enabled is false"
        yield "check_time", "[balance] enabled is false"
    elif not config.vision.enabled:
        for name in keys_of(BalanceSettings):
            yield name, "there is no endpoint: neither [vision] api_key nor a base_url of your own"


def reasons_of_others(settings: OthersSettings) -> Iterator[tuple[str, str]]:
    """Those of ``[others]``."""
    if not settings.enabled:
        for name in keys_of(OthersSettings):
            if name != "enabled":
                yield name, "[others] enabled is false"
    elif not settings.all_posts:
        for name in ("wait_minutes", "all_words"):
            yield name, "[others] all_posts is false"


def reasons_of_whisper(settings: WhisperSettings) -> Iterator[tuple[str, str]]:
    """Those of ``[whisper]``."""
    if not settings.enabled:
        for name in keys_of(WhisperSettings):
            if name != "enabled":
                yield name, "[whisper] enabled is false"
        return
    if settings.device != "auto":
        yield "backend", f"[whisper] device says {settings.device}"
    if settings.server_url is None:
        for name in ("server_token", "server_model", "server_timeout_seconds"):
            yield name, "there is no [whisper] server_url"
    engines = set(settings.engines)
    for name, without in ENGINES_WITHOUT.items():
        if engines <= without:
            yield name, f"{' and '.join(sorted(engines))} can't do anything with it"
    if not engines & CONFIDENT:
        yield "min_confidence", f"of {' and '.join(sorted(engines))} none tells a confidence"
