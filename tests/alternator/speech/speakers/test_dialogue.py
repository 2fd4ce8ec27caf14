"""A conversation as a person writes it down."""

from alternator.speech.speakers.dialogue import dialogue
from alternator.speech.transcript import Segment, Transcript


def transcript(*said: tuple[str | None, str]) -> Transcript:
    segments = tuple(
        Segment(start=float(at), end=at + 1.0, text=text, speaker=speaker)
        for at, (speaker, text) in enumerate(said)
    )
    text = "".join(segment.text for segment in segments).strip()
    return Transcript(text=text, language="en", duration=len(said), segments=segments)


def written(found: Transcript) -> str:
    return dialogue(found, "Speaker {}".format)


def test_each_turn_has_a_line_and_a_name_in_the_order_of_the_first_words() -> None:
    found = transcript(
        ("SPEAKER_03", " Hello."),
        ("SPEAKER_03", " Who is  it?"),
        ("SPEAKER_00", " Me."),
        ("SPEAKER_03", " Oh."),
    )
    assert written(found) == "Speaker 1: Hello. Who is it?\nSpeaker 2: Me.\nSpeaker 1: Oh."


def test_one_speaker_is_no_conversation() -> None:
    found = transcript(("SPEAKER_00", " Hello."), ("SPEAKER_00", " Bye."), (None, ""))
    assert written(found) == "Hello. Bye."
    assert written(transcript((None, " Hello."), (None, " Bye."))) == "Hello. Bye."
    assert written(transcript()) == ""


def test_words_of_nobody_have_no_name() -> None:
    found = transcript(("A", " One."), (None, " Two."), ("B", " Three."))
    assert written(found) == "Speaker 1: One.\nTwo.\nSpeaker 2: Three."
