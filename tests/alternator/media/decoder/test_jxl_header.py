import io

import pictures  # noqa: F401  registers the format
import pytest
from PIL import Image

from alternator.media.decoder.jxl_header import jxl_size


@pytest.mark.parametrize("container", [True, False])
@pytest.mark.parametrize("size", [(64, 64), (100, 50), (1600, 900), (17, 9000), (600, 500), (3, 2)])
def test_the_size_is_what_an_encoder_wrote(size: tuple[int, int], container: bool):
    output = io.BytesIO()
    Image.new("RGB", size).save(output, "JXL", use_container=container, effort=1)
    assert jxl_size(output.getvalue()) == size


def test_large_sizes_need_no_picture():
    # Not small; height by 18 bits: 100000; no ratio; width by 30 bits: 1000000.
    bits, place = 0, 0
    for value, count in ((0, 1), (2, 2), (99_999, 18), (0, 3), (3, 2), (999_999, 30)):
        bits |= value << place
        place += count
    assert jxl_size(b"\xff\x0a" + bits.to_bytes(16, "little")) == (1_000_000, 100_000)


def test_what_tells_no_size():
    for head in (b"", b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n", b"\x89PNG", bytes(99)):
        assert jxl_size(head) is None


def test_boxes_that_go_round_end():
    assert jxl_size(b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0\0\0\0free" + bytes(99)) is None
