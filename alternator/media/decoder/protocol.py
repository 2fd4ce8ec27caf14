"""What the bot and its decoder's process say to each other. Neither imports the other's side.

The order is the child's one argument, as JSON; the files come as open descriptors. The reply is a
line of JSON on its standard output, followed by the pictures' bytes one after the other.
"""

import json
from dataclasses import asdict, dataclass
from typing import Literal, TypeVar, get_args

T = TypeVar("T")

# One picture; pictures that follow each other in time; the whole of one, then its parts.
ViewKind = Literal["still", "moving", "long"]

# Why there is none. The bot has the words (alternator/media/picture.py).
Fault = Literal["pixels", "damaged", "no decoder", "memory"]

# Of the decoded picture; a JPEG may be larger, as it is decoded at a half, a fourth or an eighth
# of its size. With the memory that alternator/media/picture.py grants a decoder, each format
# manages this many: the worst keep twelve bytes for each pixel (docs/operating.md).
MOST_PIXELS = 100_000_000

# Of all pictures together: endpoints take requests of 20 MB and more, and base64 adds a third.
MOST_BYTES = 14 * 1024 * 1024
# Of one. Anthropic takes images of 5 MB, counted in base64:
# https://docs.claude.com/en/docs/build-with-claude/vision#evaluate-image-size
MOST_BYTES_OF_ONE = 3_500_000

MOST_SHOWN = 4  # frames of an animation


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is wanted: ``longest_side`` in pixels, ``files`` as descriptors.

    Several files are frames of one video, in order, with ``media_type`` that of each; ``most`` of
    them are shown.
    """

    files: tuple[int, ...]
    media_type: str
    longest_side: int
    most: int = MOST_SHOWN

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Order":
        document = json.loads(text)
        return cls(
            files=tuple(int(number) for number in document["files"]),
            media_type=str(document["media_type"]),
            longest_side=int(document["longest_side"]),
            most=int(document["most"]),
        )


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came of it: pictures and their kind, or a fault with its detail."""

    kind: ViewKind = "still"
    pictures: tuple[bytes, ...] = ()
    fault: Fault | None = None
    detail: str = ""

    def to_bytes(self) -> bytes:
        head = {
            "kind": self.kind,
            "sizes": [len(picture) for picture in self.pictures],
            "fault": self.fault,
            "detail": self.detail[:200],
        }
        return json.dumps(head).encode() + b"\n" + b"".join(self.pictures)

    @classmethod
    def from_bytes(cls, answer: bytes) -> "Reply":
        """ValueError for anything but a whole reply: the child may have been taken over."""
        line, _, rest = answer.partition(b"\n")
        head: object = json.loads(line)
        if not isinstance(head, dict) or not isinstance(head.get("sizes"), list):
            raise ValueError
        kind: ViewKind | None = _one_of(head.get("kind"), get_args(ViewKind))
        fault: Fault | None = _one_of(head.get("fault"), get_args(Fault))
        if kind is None or (fault is None and head.get("fault") is not None):
            raise ValueError
        sizes = [size for size in head["sizes"] if isinstance(size, int) and size > 0]
        if len(sizes) != len(head["sizes"]) or sum(sizes) != len(rest):
            raise ValueError
        if fault is None and not sizes:
            raise ValueError
        pictures = []
        for size in sizes:
            pictures.append(rest[:size])
            rest = rest[size:]
        return cls(
            kind=kind, pictures=tuple(pictures), fault=fault, detail=str(head.get("detail", ""))
        )


def _one_of(value: object, values: tuple[T, ...]) -> T | None:
    return next((known for known in values if known == value), None)
