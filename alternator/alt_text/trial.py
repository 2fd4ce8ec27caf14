"""Tries the vision endpoint with a picture of our own, of which is known what is to be seen."""

import struct
import zlib
from dataclasses import dataclass

from alternator.alt_text.check.answer import Asked
from alternator.alt_text.endpoint import Endpoint
from alternator.alt_text.prompts import prompt
from alternator.alt_text.question import PNG_SIGNATURE, content_of, text_of, tokens_of
from alternator.config.models import VisionSettings

SIDE = 256  # pixels
RED, WHITE = (220, 20, 30), (255, 255, 255)
LIMIT = 300  # characters
# Any of these in the answer: the model has seen the picture.
SEEN = ("red", "crimson", "scarlet")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a model said of the picture; ``sees`` says whether that is what is on it."""

    model: str
    text: str
    tokens: int
    sees: bool


def try_endpoint(settings: VisionSettings) -> Trial:
    """Ask the first vision model about the picture, with one request. VisionError says what is
    wrong with the endpoint, or with the answer."""
    model = settings.vision_models[0]
    instruction = prompt("picture", "en", limit=LIMIT)
    content = content_of([red_disc()], instruction)
    completion = Endpoint(settings).ask(model, content)
    text = text_of(completion, model, Asked(instruction=instruction))
    return Trial(
        model=model,
        text=text,
        tokens=tokens_of(completion, content, settings.max_tokens),
        sees=any(word in text.lower() for word in SEEN),
    )


def red_disc() -> bytes:
    """A red disc on white, as PNG: https://www.w3.org/TR/png-3/"""
    centre = (SIDE - 1) / 2
    rows = []
    for y in range(SIDE):
        inside = [(x - centre) ** 2 + (y - centre) ** 2 < (SIDE * 0.4) ** 2 for x in range(SIDE)]
        rows.append(b"\0" + b"".join(bytes(RED if here else WHITE) for here in inside))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return PNG_SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
