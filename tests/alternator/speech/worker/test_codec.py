"""Every field of a frame is checked against its type on the way in."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from alternator.errors import AlternatorError, MediaError, NoAudioError, SpeechServerAwayError
from alternator.speech.worker.codec import ERRORS, ShapeError, from_json, to_json


@dataclass(frozen=True, kw_only=True)
class Inner:
    """Something within something."""

    number: float


@dataclass(frozen=True, kw_only=True)
class Outer:
    """One field of each kind."""

    text: str
    whole: int
    flag: bool | None
    kind: Literal["a", "b"]
    path: Path
    many: tuple[Inner, ...]


VALUE = Outer(
    text="schön",
    whole=1,
    flag=None,
    kind="a",
    path=Path("/tmp/x"),
    many=(Inner(number=0.5), Inner(number=2)),
)


def test_there_and_back() -> None:
    raw = json.loads(to_json(VALUE, frame="Outer"))
    assert raw.pop("frame") == "Outer"
    assert from_json(Outer, raw) == VALUE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": 1}, "Outer.text is no str"),
        ({"whole": True}, "Outer.whole is no int"),
        ({"whole": 1.0}, "Outer.whole is no int"),
        ({"flag": 0}, "Outer.flag is no bool"),
        ({"kind": "c"}, r"Outer.kind is none of \('a', 'b'\)"),
        ({"path": None}, "Outer.path is no str"),
        ({"many": {}}, "Outer.many is no list"),
        ({"many": [{"number": "1"}]}, "Outer.many.number is no float"),
        ({"many": [{"number": 1, "more": 2}]}, "Outer.many has not the keys number"),
        ({"more": 1}, "Outer has not the keys text, whole"),
    ],
)
def test_a_field_of_another_type(change: dict[str, object], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        from_json(Outer, json.loads(to_json(VALUE)) | change)


@dataclass(frozen=True, kw_only=True)
class Odd:
    """Nothing that a frame is made of."""

    value: object


def test_what_a_frame_can_not_hold_is_a_defect() -> None:
    with pytest.raises(TypeError, match="nothing that a frame can hold"):
        to_json(Odd(value=object()))


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A frame about an error."""

    error: AlternatorError


class HoarseError(NoAudioError):
    """Known to its engine alone."""


@pytest.mark.parametrize("cls", ERRORS.values())
def test_errors_keep_class_and_message(cls: type[AlternatorError]) -> None:
    came = from_json(Wrong, json.loads(to_json(Wrong(error=cls("what and remedy"))))).error
    assert type(came) is cls and str(came) == "what and remedy"


def test_an_error_of_an_engine_comes_as_the_nearest_that_is_known() -> None:
    came = from_json(Wrong, json.loads(to_json(Wrong(error=HoarseError("hm"))))).error
    assert type(came) is NoAudioError and isinstance(came, MediaError) and str(came) == "hm"
    with pytest.raises(ShapeError, match=r"Wrong\.error is no known error"):
        from_json(Wrong, {"error": {"kind": "HoarseError", "message": "hm"}})


def test_an_error_that_passes_keeps_its_time() -> None:
    error = SpeechServerAwayError("busy", retry_after=2.5)
    raw = json.loads(to_json(Failing(error=error)))
    assert raw == {
        "error": {"kind": "SpeechServerAwayError", "message": "busy", "retry_after": 2.5}
    }
    found = from_json(Failing, raw).error
    assert type(found) is SpeechServerAwayError and found.retry_after == 2.5


@dataclass(frozen=True, kw_only=True)
class Failing:
    """A frame with an error."""

    error: AlternatorError
