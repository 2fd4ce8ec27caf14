import pytest

from alternator.alt_text.check.characters import repaired, shows_something, visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202eb\u202cc", "abc"),
        ("a\u2067b\u2069c", "abc"),
        ("a\u200bb\ufeffc\u00add\u2060e", "abcde"),
        ("a\u200db\u200cc", "abc"),  # Latin letters don't join
        ("a\u200fb", "ab"),  # nothing here is written from the right
        ("a\x07b\x1b[31mc\x9f", "ab[31mc"),
        ("a\r\nb\rc\u2028d\x0be", "a\nb\nc\nd\ne"),
        ("a\tb", "a b"),
        ("a" + "".join(chr(0xE0000 + ord(letter)) for letter in "hide"), "a"),
        ("😀" + "\ufe01" * 20, "😀\ufe01"),  # bytes can be hidden as selectors
        ("😀" + "".join(chr(0xE0100 + byte) for byte in b"hidden"), "😀\U000e0168"),
        ("a" + "\u0301" * 40, "a" + "\u0301" * 6),
        ("a\ud800b\udc00c", "abc"),
        ("\ud83d\ude00", "😀"),
        ("Name: " + "_" * 60, "Name: ___"),
        ("a" + " " * 60 + "b", "a b"),
        ("a \n\n\n\n\nb", "a\n\nb"),
        ("a\ufdd0b\U0001ffffc\ue000d", "abcd"),
        ("\U0001f3f4\U000e0067\U000e0062", "\U0001f3f4"),  # the flag of nothing
    ],
)
def test_what_is_hidden_goes(text: str, seen: str) -> None:
    assert visible(text) == seen


@pytest.mark.parametrize(
    "text",
    [
        "👨‍👩‍👧 🏳️‍🌈 👩🏽‍💻 1️⃣ ❤️ 👁️‍🗨️",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "می‌خواهم",
        "ශ්‍රී क्‍ष",
        "العربية\u200f! و\u061cنص",
        "שלום\u200e, world",
        "Přílišný žluťoučký kůň; Việt Nam; e\u0301",
        "ᠮᠣᠩᠭᠣᠯ\u180b",
        "12\u00a0€, 9\u202fh",
        "葛\U000e0100飾区",
    ],
)
def test_what_a_script_needs_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("cafÃ©", "café"),
        ("â€œYesâ€\x9d", "“Yes”"),
        ("CAFÃ‰", "CAFÉ"),
        ("café", "café"),
        ("Ã© is é", "Ã© is é"),  # both: it is about that
        ("naïve", "naïve"),
    ],
)
def test_text_that_was_read_in_a_wrong_encoding_is_repaired(text: str, meant: str) -> None:
    assert repaired(text) == meant


@pytest.mark.parametrize(("text", "shows"), [("7", True), ("🐈", True), ("…!", False), ("", False)])
def test_punctuation_alone_shows_nothing(text: str, shows: bool) -> None:
    assert shows_something(text) is shows
