"""Makes ICC profiles of colour spaces that are named by numbers, for Little CMS to convert from.

HDR (PQ and HLG) is shown as a screen without HDR shows it: what is as bright as paper or darker
stays as it is, and highlights are pressed into what is left above. Each colour is pressed by
itself, which makes very bright colours paler.
"""

import math
import struct
from collections.abc import Callable, Sequence

from alternator.media.decoder.signalled import Cicp

Point = tuple[float, float]  # chromaticity x, y
Vector = Sequence[float]
Matrix = Sequence[Vector]

D65: Point = (0.3127, 0.3290)
# By H.273: red, green, blue; all with white at D65.
PRIMARIES: dict[int, tuple[Point, Point, Point]] = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),  # BT.709, sRGB
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),  # BT.601, 625 lines
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),  # BT.601, 525 lines
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
PQ, HLG = 16, 18
# Nits of paper white in an HDR picture: https://www.itu.int/pub/R-REP-BT.2408
PAPER_WHITE = 203.0
HLG_PEAK = 1000.0
# What is darker than this part of paper white is left as it is.
KNEE = 0.6
STEPS = 4096  # of a curve

# Bradford's cone responses, by which ICC adapts white to D50:
# https://www.color.org/specification/ICC.1-2022-05.pdf, annex E
BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
D50 = (0.9642, 1.0, 0.8249)


def profile_of(cicp: Cicp) -> bytes | None:
    """An ICC profile for these numbers; None where they mean sRGB, or nothing known.

    BT.709's and BT.601's curves (1, 6, 14, 15) are shown as sRGB's, as browsers do.
    """
    primaries = PRIMARIES.get(cicp.primaries)
    curves: dict[int, Callable[[float], float]] = {
        4: lambda value: value**2.2,
        5: lambda value: value**2.8,
        8: lambda value: value,
        PQ: lambda value: pressed(pq_nits(value) / PAPER_WHITE),
        HLG: lambda value: pressed(hlg_nits(value) / PAPER_WHITE),
    }
    curve = curves.get(cicp.transfer)
    if curve is None and (primaries is None or cicp.primaries in (1, 5, 6, 7)):
        return None
    return profile(primaries or PRIMARIES[1], D65, curve or srgb_light)


def profile(
    primaries: tuple[Point, Point, Point], white: Point, curve: Callable[[float], float]
) -> bytes:
    """A profile by matrix and curve. ``curve``: from a stored value to light, both 0 to 1."""
    steps = (min(max(curve(step / (STEPS - 1)), 0.0), 1.0) for step in range(STEPS))
    table = struct.pack(f">{STEPS}H", *(round(light * 65535) for light in steps))
    trc = b"curv\0\0\0\0" + struct.pack(">I", STEPS) + table
    columns = list(zip(*_to_d50(primaries, white), strict=True))
    text = b"made from a picture's own numbers\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    tags = {
        b"desc": description,
        b"cprt": b"text\0\0\0\0" + text,
        b"wtpt": _xyz(D50),
        b"rXYZ": _xyz(columns[0]),
        b"gXYZ": _xyz(columns[1]),
        b"bXYZ": _xyz(columns[2]),
        b"rTRC": trc,
        b"gTRC": trc,
        b"bTRC": trc,
    }
    start = 128 + 4 + 12 * len(tags)
    table_of_tags, content = struct.pack(">I", len(tags)), b""
    places: dict[bytes, int] = {}
    for name, tag in tags.items():
        if tag not in places:
            places[tag] = start + len(content)
            content += tag + bytes(-len(tag) % 4)
        table_of_tags += name + struct.pack(">II", places[tag], len(tag))
    size = start + len(content)
    header = struct.pack(">I4xI", size, 0x02400000) + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">3i", *(round(v * 65536) for v in D50))
    return header.ljust(128, b"\0") + table_of_tags + content


def pressed(light: float) -> float:
    """Light as a part of paper white → as a part of the screen's white."""
    if light <= KNEE:
        return light
    over = (light - KNEE) / (1 - KNEE)
    return KNEE + (1 - KNEE) * over / (over + 1)


def pq_nits(value: float) -> float:
    """SMPTE ST 2084, as in https://www.itu.int/rec/R-REC-BT.2100"""
    power = value ** (1 / 78.84375)
    ratio = max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)
    return float(10_000.0 * ratio ** (1 / 0.1593017578125))


def hlg_nits(value: float) -> float:
    """On a screen of 1000 nits; the same address."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = value * value / 3 if value <= 0.5 else (math.exp((value - c) / a) + b) / 12
    return float(HLG_PEAK * scene**1.2)


def srgb_light(value: float) -> float:
    """https://www.w3.org/Graphics/Color/sRGB"""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _to_d50(primaries: tuple[Point, Point, Point], white: Point) -> Matrix:
    """From linear RGB to XYZ under D50."""
    raw = list(zip(*(_big_xyz(point) for point in primaries), strict=True))
    gains = _solved(raw, _big_xyz(white))
    here, there = _times(BRADFORD, _big_xyz(white)), _times(BRADFORD, D50)
    columns = []
    for column, gain in zip(zip(*raw, strict=True), gains, strict=True):
        cones = _times(BRADFORD, [value * gain for value in column])
        adapted = [c * t / h for c, h, t in zip(cones, here, there, strict=True)]
        columns.append(_solved(BRADFORD, adapted))
    return list(zip(*columns, strict=True))


def _big_xyz(point: Point) -> Vector:
    x, y = point
    return x / y, 1.0, (1 - x - y) / y


def _times(matrix: Matrix, vector: Vector) -> Vector:
    return [sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix]


def _solved(matrix: Matrix, vector: Vector) -> Vector:
    """The x of matrix · x = vector, by Cramer's rule. ZeroDivisionError if there is none."""
    whole = _determinant(matrix)
    return [
        _determinant(
            [
                [*row[:column], value, *row[column + 1 :]]
                for row, value in zip(matrix, vector, strict=True)
            ]
        )
        / whole
        for column in range(3)
    ]


def _determinant(m: Matrix) -> float:
    return (
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )


def _xyz(values: Vector) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))
