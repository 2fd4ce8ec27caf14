"""Quiet sound is made louder, evenly over a long stretch; loud sound is left alone."""

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from alternator.speech.loudness import LOUD, MOST, gains  # noqa: E402  # after importorskip


def tone(seconds: float, peak: float) -> Any:
    """Chunks of a tone of 440 Hz."""
    times = torch.arange(round(seconds * 16_000 / 512) * 512) / 16_000
    return (peak * torch.sin(2 * torch.pi * 440 * times)).view(-1, 512)


@pytest.mark.parametrize("peak", [1.0, 0.1, 0.051])
def test_what_is_loud_enough_is_left_as_it_is(peak: float) -> None:
    assert torch.equal(gains(tone(3, peak)), torch.ones(94))


@pytest.mark.parametrize("decibels", [-27, -40, -67])
def test_what_is_quiet_gets_the_same_peak(decibels: int) -> None:
    sound = tone(3, 10 ** (decibels / 20))
    louder = sound * gains(sound)[:, None]
    assert float(louder.max()) == pytest.approx(LOUD, rel=0.01)


def test_what_is_all_but_nothing_stays_quiet() -> None:
    assert float(gains(torch.zeros(40, 512)).max()) == pytest.approx(MOST)
    assert float(gains(tone(2, 1e-6)).max()) == pytest.approx(MOST)


def test_a_pause_of_seconds_is_not_made_louder() -> None:
    sound = torch.cat([tone(2, 0.5), tone(8, 1e-4), tone(2, 0.5)])
    assert torch.equal(gains(sound), torch.ones(len(sound)))


def test_a_quiet_stretch_beside_a_loud_one_is_heard() -> None:
    sound = torch.cat([tone(5, 0.5), tone(60, 1e-3)])
    assert float(gains(sound)[:150].max()) == 1.0
    assert float(gains(sound)[-1500:].min()) == pytest.approx(LOUD / 1e-3, rel=0.01)


def test_a_constant_offset_is_no_loudness() -> None:
    sound = tone(3, 1e-3) + 0.4
    assert float(gains(sound).min()) == pytest.approx(LOUD / 1e-3, rel=0.01)
