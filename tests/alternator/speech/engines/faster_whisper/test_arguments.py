"""Which of faster-whisper's ways a request takes, and what neither has."""

import dataclasses
from dataclasses import dataclass

import pytest

from alternator.errors import UnsupportedError
from alternator.speech.engines import refusals
from alternator.speech.engines.faster_whisper.arguments import ELSEWHERE, SEQUENTIAL, common, way_of
from alternator.speech.options import DecodingOptions
from alternator.transcribe.options import parse

OPTIONS = DecodingOptions()


def with_(**changes: object) -> DecodingOptions:
    return dataclasses.replace(OPTIONS, **changes)  # type: ignore[arg-type]


def test_what_is_sorted_are_options() -> None:
    known = {*common(OPTIONS), *SEQUENTIAL, *ELSEWHERE}
    assert known <= {field.name for field in dataclasses.fields(OPTIONS)}


def test_an_option_that_it_does_not_know_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Later(DecodingOptions):
        """What may be added one day; the usual ones have none of it."""

        louder: bool = False

    monkeypatch.setattr(refusals, "DEFAULTS", Later())
    assert way_of(Later()).side_by_side
    with pytest.raises(UnsupportedError, match="has no louder"):
        way_of(Later(louder=True))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"temperature": parse(["x.mp3"]).decoding.temperature},
        {"vad": True},
        {"hotwords": "Zürich", "initial_prompt": "So.", "carry_initial_prompt": True},
        {"condition_on_previous_text": False, "beam_size": None, "word_timestamps": True},
    ],
)
def test_side_by_side_where_nothing_speaks_against_it(changes: dict[str, object]) -> None:
    way = way_of(with_(**changes))
    assert way.side_by_side and not {"vad_filter", "best_of"} & way.arguments.keys()


@pytest.mark.parametrize(
    ("changes", "vad", "conditioned"),
    [
        ({"vad": False}, False, True),
        ({"vad": False, "condition_on_previous_text": False}, False, False),
        ({"condition_on_previous_text": True}, False, True),
        ({"condition_on_previous_text": True, "vad": True}, True, True),
        ({"prefix": "So"}, True, False),
        ({"temperature": (0.0,)}, True, False),
        ({"no_speech_threshold": None}, True, False),
        ({"no_speech_threshold": 0}, True, False),
        ({"clip_timestamps": (1.0, 2.0)}, False, True),
    ],
)
def test_one_after_the_other_where_something_has_a_say_only_there(
    changes: dict[str, object], vad: bool, conditioned: bool
) -> None:
    way = way_of(with_(**changes))
    assert not way.side_by_side
    assert way.arguments["vad_filter"] is vad
    assert way.arguments["condition_on_previous_text"] is conditioned


def test_values_are_those_that_faster_whisper_means() -> None:
    way = way_of(with_(vad=False, language="German", beam_size=None, best_of=None, patience=2.0))
    assert way.arguments["language"] == "de"
    assert (way.arguments["beam_size"], way.arguments["best_of"]) == (1, 1)
    assert (way.arguments["patience"], way.arguments["length_penalty"]) == (2.0, 1.0)
    assert way.arguments["clip_timestamps"] == "0"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"hotwords": "a", "prefix": "b"}, "has no hotwords beside a prefix"),
        ({"vad": False, "carry_initial_prompt": True}, "has no carry_initial_prompt where"),
        ({"vad": True, "clip_timestamps": (0.0, 1.0)}, "has no vad beside clip_timestamps"),
        ({"language": "klingon"}, "knows no language 'klingon'"),
    ],
)
def test_what_it_has_not_is_refused(changes: dict[str, object], named: str) -> None:
    with pytest.raises(UnsupportedError, match=named):
        way_of(with_(**changes))
