import pytest

from alternator.alt_text.check.repetition import is_garbled, loops, says_again


@pytest.mark.parametrize(
    "text",
    [
        "a red house " * 8,
        "haha" * 20,
        "A house. A tree. A lake. " * 5,
        "A cat and a dog and a cat, a dog and a cat and a dog, " * 5,
        "".join(f"{number}. A tree. " for number in range(80)),
        "房子" * 40,
        "m" * 40,
    ],
)
def test_a_loop_is_known(text: str) -> None:
    assert loops(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ha ha ha ha ha ha",
        "A dog, a cat, a dog, a cat and a dog.",
        " ".join(str(day) for day in range(1, 32)),
        "\n".join(f"Platform {number}: to Berlin, at {number}:15" for number in range(1, 9)),
        "GOOOOOOOOOAL!!!!!!!!!!!!!!!!!!!!!!",
        "Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily.",
    ],
)
def test_a_text_that_repeats_a_little_is_none(text: str) -> None:
    assert not loops(text)


def test_a_part_of_the_instruction_is_enough() -> None:
    instruction = "Say plainly what it shows: the main subject first, then what else matters."
    assert says_again("say plainly what it shows the main subject first", instruction)
    assert not says_again("The main subject first, then what else.", instruction)
    assert not says_again(instruction, instruction, given=f"He said: {instruction}")
    assert not says_again("", "")


def test_data_is_no_text() -> None:
    assert is_garbled("x" * 250)
    assert is_garbled("w\ufffdrt\ufffdr")
    assert not is_garbled("https://example.org/" + "x" * 200)
