"""Fields as clients send them, and the wish that they make."""

import pytest

from alternator.serve.errors import ApiError
from alternator.serve.fields import code_of, wanted_of
from alternator.speech.options import DecodingOptions, SpeakerOptions

USUAL = DecodingOptions(language="fr", vad=True)


def test_nothing_but_a_file_is_what_the_operator_has_done_usually() -> None:
    wanted = wanted_of({}, "transcribe", USUAL)
    assert (wanted.model, wanted.format, wanted.stream) == ("", "json", False)
    assert (wanted.granularities, wanted.confidence) == ({"segment"}, False)
    assert wanted.decoding == USUAL


def test_every_field_takes_effect() -> None:
    fields = {
        "model": ("base",),
        "language": ("German",),
        "prompt": ("Names: Ada.",),
        "keywords": ("Ada", "Lovelace"),
        "temperature": ("0.2",),
        "response_format": ("verbose_json",),
        "timestamp_granularities": ("word",),
        "include": ("confidence",),
        "chunking_strategy": ("auto",),
    }
    wanted = wanted_of(fields, "transcribe", USUAL)
    assert (wanted.model, wanted.format, wanted.granularities) == ("base", "verbose_json", {"word"})
    assert wanted.confidence
    assert wanted.decoding == DecodingOptions(
        language="de",
        vad=True,
        initial_prompt="Names: Ada.",
        hotwords="Ada, Lovelace",
        temperature=(0.2,),
        word_timestamps=True,
    )


def test_a_temperature_of_0_rises_where_it_must() -> None:
    for given in ("0", "0.0", ""):
        wanted = wanted_of({"temperature": (given,)}, "translate", USUAL)
        assert wanted.decoding.temperature == USUAL.temperature
        assert wanted.decoding.task == "translate"


@pytest.mark.parametrize(
    ("name", "code"),
    [("de", "de"), ("German", "de"), ("pt-BR", "pt"), ("zh_Hant", "zh"), (" EN ", "en")],
)
def test_languages(name: str, code: str) -> None:
    assert code_of(name) == code


def test_detection_by_name_is_what_is_usual() -> None:
    assert wanted_of({"language": ("auto",)}, "transcribe", USUAL).decoding.language == "fr"
    one = wanted_of({"languages": ("it",)}, "transcribe", USUAL)
    assert one.decoding.language == "it"


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"language": ("xx",)}, "language", "no language 'xx'"),
        ({"languages": ("de", "en")}, "languages", "name one"),
        ({"languages": ("de",), "language": ("en",)}, "language", "differ"),
        ({"model": ("a", "b")}, "model", "comes 2 times"),
        ({"response_format": ("xml",)}, "response_format", "choose one of json, text"),
        ({"known_speaker_names": ("Ada",)}, "known_speaker_names", "knows none of them by name"),
        ({"temperature": ("nan",)}, "temperature", "'nan' is no number"),
        ({"temperature": ("warm",)}, "temperature", "'warm' is no number"),
        ({"stream": ("maybe",)}, "stream", "true or false"),
        ({"stream": ("true",), "response_format": ("vtt",)}, "stream", "not vtt"),
        ({"include": ("logprobs",)}, "include", "'logprobs' can't be included in json"),
        ({"chunking_strategy": ('{"type": "server_vad"}',)}, "chunking_strategy", "'auto'"),
        (
            {"timestamp_granularities": ("char",), "response_format": ("verbose_json",)},
            "timestamp_granularities",
            "no 'char'",
        ),
        ({"promt": ("x",)}, "promt", "did you mean 'prompt'"),
    ],
)
def test_what_can_not_be_meant(fields: dict[str, tuple[str, ...]], param: str, words: str) -> None:
    with pytest.raises(ApiError, match=words) as caught:
        wanted_of(fields, "transcribe", USUAL)
    assert (caught.value.status, caught.value.param) == (400, param)


def test_a_translation_has_no_language_of_its_own() -> None:
    with pytest.raises(ApiError, match="no field 'language'"):
        wanted_of({"language": ("de",)}, "translate", USUAL)


def test_speakers() -> None:
    asked = {"response_format": ("diarized_json",)}
    assert wanted_of(asked, "transcribe", USUAL).speakers == SpeakerOptions()
    assert wanted_of({}, "transcribe", USUAL).speakers is None
    with pytest.raises(ApiError, match="translations have no diarized_json"):
        wanted_of(asked, "translate", USUAL)
