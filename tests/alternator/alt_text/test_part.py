from alternator.alt_text.attribution import is_attributed
from alternator.alt_text.part import BETWEEN, Part, room_for


def test_a_description_of_two_parts_is_told_by_both_lines():
    lines = ["Described by m", "Transcribed by Whisper base, shortened by t"]
    text = Part(text="A house.", attribution=BETWEEN.join(lines)).whole(200)
    assert text == "A house.\n\nDescribed by m · Transcribed by Whisper base, shortened by t"
    assert is_attributed(text)
    assert not is_attributed("A house.\n\nSeen by m · Transcribed by Whisper base")


def test_the_room_is_what_the_lines_leave():
    assert room_for(["12345", "12345"], 100) == 100 - 13 - 2
