"""A part of a description: what is seen, or what is heard."""

from dataclasses import dataclass

from alternator.alt_text.shorten import compose, room_beside

# Between the attributions of two parts, in one line.
BETWEEN = " · "


@dataclass(frozen=True, kw_only=True)
class Part:
    """A text and the line that names the models it is from."""

    text: str
    attribution: str

    def whole(self, limit: int) -> str:
        """The description, of up to ``limit`` characters."""
        return compose(self.text, self.attribution, limit)


def room_for(attributions: list[str], limit: int) -> int:
    """How many characters the texts may have together with these attributions below them."""
    return room_beside(BETWEEN.join(attributions), limit)
