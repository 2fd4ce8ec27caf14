from dataclasses import replace
from pathlib import Path

from alternator.bot.members import OfAccount, shared_whisper
from alternator.config.models import WhisperSettings
from alternator.config.settings import Config, MastodonSettings
from alternator.progress import SILENT


class FakeTranscriber:
    """Hears the same in every file, and keeps what it was asked for."""

    state = "ready"
    workers = ()

    def __init__(self, settings: WhisperSettings) -> None:
        self.settings = settings
        self.asked: list[dict[str, object]] = []

    def start(self) -> None:
        """There is nothing to load."""

    def close(self) -> None:
        """There is nothing to end."""

    def transcribe(self, path: Path, **asked: object) -> object:
        self.asked.append(asked)
        return "heard"


def test_one_transcriber_serves_all_and_is_asked_as_each_account_has_it():
    settings = [
        WhisperSettings(language="de", name_speakers=True),
        WhisperSettings(task="translate"),
        WhisperSettings(enabled=False),
    ]
    configs = [
        Config(
            mastodon=MastodonSettings(instance_url="https://a.example", access_token="t"),
            whisper=one,
        )
        for one in settings
    ]
    shared = shared_whisper(configs)
    assert shared == replace(settings[0], name_speakers=False)
    assert shared_whisper(configs[2:]) is None
    transcriber = FakeTranscriber(shared)
    for one in settings[:2]:
        OfAccount(shared=transcriber, settings=one).transcribe(Path("a.wav"), progress=SILENT)  # type: ignore[arg-type]  # as far as it is asked
    first, second = transcriber.asked
    assert first["options"].language == "de"  # type: ignore[attr-defined]  # DecodingOptions
    assert first["speakers"] is not None
    assert second["options"].task == "translate"  # type: ignore[attr-defined]  # DecodingOptions
    assert second["speakers"] is None
