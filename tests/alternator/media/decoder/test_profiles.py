import io

import pytest
from PIL import Image, ImageCms

from alternator.media.decoder.profiles import (
    D65,
    PAPER_WHITE,
    PRIMARIES,
    hlg_nits,
    pq_nits,
    pressed,
    profile,
    profile_of,
    srgb_light,
)
from alternator.media.decoder.signalled import Cicp


def shown(content: bytes, colour: tuple[int, int, int]) -> tuple[int, ...]:
    source = ImageCms.getOpenProfile(io.BytesIO(content))
    image = ImageCms.profileToProfile(
        Image.new("RGB", (1, 1), colour), source, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert image is not None
    found = image.getpixel((0, 0))
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize(
    "colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (12, 130, 200)]
)
def test_srgb_made_by_these_rules_is_srgb(colour: tuple[int, int, int]):
    found = shown(profile(PRIMARIES[1], D65, srgb_light), colour)
    assert all(abs(a - b) <= 1 for a, b in zip(found, colour, strict=True))


def test_display_p3_is_what_css_says():
    # https://www.w3.org/TR/css-color-4/#color-conversion-code: red and lime of sRGB in P3
    content = profile_of(Cicp(primaries=12, transfer=13))
    assert content is not None
    for stored, seen in (((234, 51, 35), (255, 0, 0)), ((117, 251, 76), (0, 255, 0))):
        assert all(abs(a - b) <= 4 for a, b in zip(shown(content, stored), seen, strict=True))


def test_pq_and_hlg_are_what_their_recommendation_says():
    # https://www.itu.int/rec/R-REC-BT.2100; reference levels: https://www.itu.int/pub/R-REP-BT.2408
    assert pq_nits(0.58) == pytest.approx(203, rel=0.02)
    assert pq_nits(0.7518) == pytest.approx(1000, rel=0.01)
    assert pq_nits(1.0) == pytest.approx(10_000)
    assert pq_nits(0.0) == pytest.approx(0.0, abs=1e-6)
    assert hlg_nits(0.75) == pytest.approx(203, rel=0.02)
    assert hlg_nits(1.0) == pytest.approx(1000, rel=0.001)


def test_highlights_are_pressed_and_never_cut_off():
    steps = [pressed(light / 10) for light in range(500)]
    assert steps == sorted(steps) and len(set(steps)) == len(steps) and steps[-1] < 1
    assert pressed(0.5) == 0.5
    assert 0.75 < pressed(1.0) < 0.9  # paper stays nearly white


def test_hdr_grey_is_grey_and_keeps_its_order():
    content = profile_of(Cicp(primaries=9, transfer=16))
    assert content is not None
    levels = [shown(content, (value,) * 3) for value in (40, 80, 120, 148, 190, 255)]
    assert all(max(level) - min(level) <= 2 for level in levels)
    greys = [level[0] for level in levels]
    assert greys == sorted(greys) and len(set(greys)) == len(greys)
    assert greys[3] > 220  # paper white, PAPER_WHITE nits, is nearly white on a screen
    assert PAPER_WHITE == 203.0


@pytest.mark.parametrize("cicp", [(1, 13), (1, 1), (6, 6), (2, 2), (99, 99), (1, 2)])
def test_what_is_srgb_or_unknown_needs_none(cicp: tuple[int, int]):
    assert profile_of(Cicp(primaries=cicp[0], transfer=cicp[1])) is None
