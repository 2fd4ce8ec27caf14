"""Says in words what can be measured in a picture: shape, colours, and where they are.

The picture is taken as its pixels lie. An EXIF orientation is not applied, as most vision models
don't: a client that sends one sideways gets it described sideways.
"""

from collections import Counter
from dataclasses import dataclass

from PIL import Image

from sandbox.vision.colours import name_of, plain

GRID = 72  # cells along the longer side
SAMPLING = 4  # a cell is one of that many samples in each direction
WHOLE_SHARE = 0.9  # one colour with that share is the whole picture
ACCENT_SHARE = 0.01  # an area under that share is not mentioned
MOST_ACCENTS = 3
# From the edge of the middle band, in parts of the picture's width or height.
MIDDLE = (0.42, 0.58)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of the grid: its colour and its centre, from 0 to 1."""

    colour: str
    x: float
    y: float


def describe(image: Image.Image) -> str:
    """A description in a few English sentences."""
    cells = colour_grid(image)
    shape = shape_of(image.width, image.height)
    sentences = [f"{shape} picture, {image.width} by {image.height} pixels."]
    sentences += layout_sentences(cells)
    return " ".join(sentences)


def shape_of(width: int, height: int) -> str:
    """Landscape, portrait or square."""
    if abs(width - height) <= 0.02 * max(width, height):
        return "Square"
    return "Landscape" if width > height else "Portrait"


def colour_grid(image: Image.Image) -> list[Cell]:
    """The picture as a coarse grid of named colours."""
    scale = GRID / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    finer = (size[0] * SAMPLING, size[1] * SAMPLING)
    flat = Image.new("RGB", image.size, "white")
    rgba = image.convert("RGBA")
    flat.paste(rgba, mask=rgba.getchannel("A"))
    # Averaging alone would find mixed colours along every edge.
    small = flat.resize(finer, Image.Resampling.BOX).resize(size, Image.Resampling.NEAREST)
    content = small.tobytes()
    return [
        Cell(
            colour=name_of(*content[3 * index : 3 * index + 3]),
            x=(index % size[0] + 0.5) / size[0],
            y=(index // size[0] + 0.5) / size[1],
        )
        for index in range(size[0] * size[1])
    ]


def layout_sentences(cells: list[Cell]) -> list[str]:
    """Which colours lie where."""
    colour, share = most_common(cells)
    if share >= WHOLE_SHARE:
        sentences = [f"It is almost entirely {colour}."]
        named = {colour}
    else:
        halves = better_split(cells)
        (first, first_colour), (second, second_colour) = halves
        if first_colour == second_colour:
            sentences = [f"It is mostly {first_colour}."]
        else:
            sentences = [
                (
                    f"The {first} half is mostly {first_colour}, "
                    f"the {second} half mostly {second_colour}."
                )
            ]
        named = {first_colour, second_colour}
    accents = accent_phrases(cells, named)
    if accents:
        sentences.append(f"There is {join(accents)}.")
    return sentences


def most_common(cells: list[Cell]) -> tuple[str, float]:
    """The most frequent colour and its share."""
    if not cells:
        return "white", 0.0
    colour, count = Counter(cell.colour for cell in cells).most_common(1)[0]
    return colour, count / len(cells)


def better_split(cells: list[Cell]) -> list[tuple[str, str]]:
    """The two halves, upper and lower or left and right, that two colours describe better."""
    rows = halves(cells, "upper", "lower", [cell.y < 0.5 for cell in cells])
    columns = halves(cells, "left", "right", [cell.x < 0.5 for cell in cells])
    chosen = rows if explained(rows) >= explained(columns) else columns
    return [(name, colour) for name, colour, _ in chosen]


def halves(
    cells: list[Cell], first: str, second: str, in_first: list[bool]
) -> list[tuple[str, str, float]]:
    """The two parts with their names, most frequent colours and the shares of these."""
    parts = {
        first: [cell for cell, inside in zip(cells, in_first, strict=True) if inside],
        second: [cell for cell, inside in zip(cells, in_first, strict=True) if not inside],
    }
    return [(name, *most_common(part)) for name, part in parts.items()]


def explained(parts: list[tuple[str, str, float]]) -> float:
    """How much of a picture its halves' colours account for."""
    return sum(share for _, _, share in parts)


def accent_phrases(cells: list[Cell], named: set[str]) -> list[str]:
    """Smaller areas in colours not named so far, the largest first."""
    familiar = {plain(colour) for colour in named}
    rest = Counter(plain(cell.colour) for cell in cells)
    phrases = []
    for colour, count in rest.most_common():
        if colour in familiar or count < ACCENT_SHARE * len(cells):
            continue
        members = [cell for cell in cells if plain(cell.colour) == colour]
        size = (
            "large" if count > 0.15 * len(cells) else "small" if count < 0.04 * len(cells) else ""
        )
        phrase = " ".join(word for word in (size, colour, "area") if word)
        phrases.append(f"{article(phrase)} {phrase} {place_of(members)}")
    return phrases[:MOST_ACCENTS]


def place_of(members: list[Cell]) -> str:
    """Where the middle of some cells lies."""
    x = sum(cell.x for cell in members) / len(members)
    y = sum(cell.y for cell in members) / len(members)
    column = "left" if x < MIDDLE[0] else "right" if x > MIDDLE[1] else ""
    row = "upper" if y < MIDDLE[0] else "lower" if y > MIDDLE[1] else ""
    if row and column:
        return f"in the {row} {column}"
    if column:
        return f"{column} of the centre"
    if row:
        return "above the centre" if row == "upper" else "below the centre"
    return "in the centre"


def article(phrase: str) -> str:
    """The indefinite article."""
    return "an" if phrase[0] in "aeiou" else "a"


def join(phrases: list[str]) -> str:
    """Phrases as one enumeration."""
    if len(phrases) == 1:
        return phrases[0]
    return ", ".join(phrases[:-1]) + " and " + phrases[-1]
