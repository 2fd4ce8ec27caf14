import pytest

from alternator.dashboard.plots import HEIGHT, WIDTH, latency, quantile, rounded_up, throughput
from alternator.store.listing import Described

NOW = 1_000_000.0
HOUR = 3600.0


def at(hours_ago: float, after: float = 10.0, *, backfill: bool = False) -> Described:
    return Described(at=NOW - hours_ago * HOUR, after=after, backfill=backfill)


def test_each_description_is_in_the_bar_of_its_hour():
    found = [at(23.5), at(1.5), at(1.2), at(0)]
    plot = throughput(found, "day", NOW)
    assert len(plot.bars) == 24
    assert [bar.value for bar in plot.bars if bar.height] == ["1", "2", "1"]
    assert plot.bars[22].value == "2" and plot.bars[22].height == HEIGHT and plot.top == "2"
    assert plot.bars[0].height == HEIGHT / 2
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in plot.bars)
    assert plot.summary == "4 descriptions in the last day; the most in one bar: 2"


def test_a_week_has_bars_of_six_hours():
    plot = throughput([at(24 * 7 - 1), at(1)], "week", NOW)
    assert [place for place, bar in enumerate(plot.bars) if bar.height] == [0, 27]


def test_the_time_of_new_posts_alone():
    found = [at(1.5, 20), at(1.4, 40), at(1.3, 600), at(1.2, 99_999, backfill=True)]
    plot = latency(found, "day", NOW)
    assert [bar.value for bar in plot.bars if bar.height] == ["40 s"]
    assert plot.summary == (
        "Half of the new posts had their description within 40 s, 95 % within 10 min"
    )


def test_nothing_is_a_plot_too():
    assert latency([], "day", NOW).summary == "No new post was described in the last day"
    assert all(bar.height == 0 for bar in throughput([], "week", NOW).bars)


@pytest.mark.parametrize(
    ("value", "seconds", "top"),
    [
        (0, False, 1),
        (1, False, 1),
        (7, False, 8),
        (101, False, 150),
        (70, True, 90),
        (3700, True, 5400),
    ],
)
def test_the_upper_line_is_round(value: float, seconds: bool, top: float):
    assert rounded_up(value, seconds=seconds) == top


def test_quantiles_are_values_that_were():
    assert quantile([3, 1, 2], 0.5, 0.95) == (2, 3)
    assert quantile([5], 0.0, 0.5) == (5, 5)
