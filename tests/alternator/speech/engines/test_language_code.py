"""Languages by code and by name."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from alternator.errors import ConfigError  # after importorskip
from alternator.speech.engines.language_code import language_code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (None, None),
        ("de", "de"),
        ("German", "de"),
        (" GERMAN ", "de"),
        ("pt-BR", "pt"),
        ("zh_TW", "zh"),
        ("Mandarin", "zh"),
    ],
)
def test_languages(name: str | None, code: str | None) -> None:
    assert language_code(name) == code


def test_unknown_language() -> None:
    with pytest.raises(ConfigError, match=r"no language 'Klingon'.*code such as en"):
        language_code("Klingon")
