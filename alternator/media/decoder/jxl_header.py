"""Reads the size of a JPEG XL picture from its header, since its decoder has no limit of its own.

ISO/IEC 18181-1, "SizeHeader"; as read by
https://github.com/libjxl/libjxl/blob/main/lib/jxl/headers.cc
"""

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
# Width to height, by the header's ratio.
RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


def jxl_size(head: bytes) -> tuple[int, int] | None:
    """Width and height as they are stored; None where the head does not tell."""
    if head.startswith(CONTAINER):
        head = _codestream(head)
    if not head.startswith(CODESTREAM) or len(head) < 12:
        return None
    bits = _Bits(head[2:])
    small = bits.take(1)
    height = _side(bits, small)
    ratio = bits.take(3)
    if ratio == 0:
        return _side(bits, small), height
    across, down = RATIOS[ratio]
    return height * across // down, height


def _side(bits: "_Bits", small: int) -> int:
    if small:
        return 8 * (bits.take(5) + 1)
    return bits.take((9, 13, 18, 30)[bits.take(2)]) + 1


def _codestream(head: bytes) -> bytes:
    """The first of the codestream in a container of boxes; empty if it is further in."""
    at = len(CONTAINER)
    while at + 8 <= len(head):
        size, kind = int.from_bytes(head[at : at + 4], "big"), head[at + 4 : at + 8]
        start = at + 8
        if size == 1:
            size, start = int.from_bytes(head[at + 8 : at + 16], "big"), at + 16
        if kind == b"jxlc":
            return head[start:]
        if kind == b"jxlp":
            return head[start + 4 :]  # after the part's number
        if size < 8:
            break
        at += size
    return b""


class _Bits:
    """Numbers of some bits each, lowest bit first."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data[:16], "little")

    def take(self, count: int) -> int:
        value = self._bits & ((1 << count) - 1)
        self._bits >>= count
        return value
