"""Events whose pieces together are the text, also after a second try."""

import json

from alternator.serve.errors import refused
from alternator.serve.streaming import Told, failed
from alternator.speech.transcript import Segment, Transcript


def segment(text: str) -> Segment:
    return Segment(start=0, end=1, text=text)


def transcript(text: str) -> Transcript:
    return Transcript(text=text, language="en", duration=1, segments=())


def deltas(*pieces: bytes) -> list[str]:
    events = [event for piece in pieces for event in piece.decode().split("\n\n") if event]
    found = [json.loads(event.removeprefix("data: ")) for event in events]
    return [event.get("delta", event.get("text")) for event in found]


def test_pieces() -> None:
    told = Told()
    pieces = [told.more(segment(" One")), told.more(segment(" ")), told.more(segment(" two."))]
    assert deltas(*pieces, told.done(transcript("One  two."))) == ["One", "  two.", "One  two."]


def test_a_second_try_tells_nothing_twice() -> None:
    told = Told()
    first = told.more(segment(" One two"))
    told.anew()
    again = [told.more(segment(" One")), told.more(segment(" two")), told.more(segment(" three"))]
    done = told.done(transcript("One two three"))
    assert deltas(first, *again, done) == ["One two", " three", "One two three"]


def test_a_second_try_with_other_words_is_told_at_the_end() -> None:
    told = Told()
    first = told.more(segment(" One two"))
    told.anew()
    again = told.more(segment(" Won too three"))
    assert again == b""
    assert deltas(first, told.done(transcript("Won too three"))) == ["One two", "Won too three"]


def test_a_text_that_nobody_spoke() -> None:
    assert deltas(Told().done(transcript(""))) == [""]


def test_an_error_in_the_middle() -> None:
    error = json.loads(failed(refused("file", "broken")).decode().removeprefix("data: "))
    assert error["error"]["message"] == "broken"
