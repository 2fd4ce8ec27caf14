"""Foreign text as part of one line of the log."""

import unicodedata

# Controls, what shows nothing or turns the direction, ends of lines, halves of pairs.
NOT_SHOWN = ("Cc", "Cf", "Zl", "Zp", "Cs")


def one_line(text: str, most: int) -> str:
    """The text with no control character in it, of up to ``most`` characters."""
    shown = "".join(
        " " if unicodedata.category(char) in NOT_SHOWN else char for char in text[: 4 * most]
    )
    line = " ".join(shown.split())
    return line if len(line) <= most else line[: most - 1] + "…"
