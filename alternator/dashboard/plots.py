"""Bars over time: what is counted and measured, and where each bar stands in its picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from alternator.dashboard.words import duration, moment
from alternator.store.listing import Described

Span = Literal["day", "week"]
# Seconds of a span, and how many bars it has.
SPANS: dict[Span, tuple[float, int]] = {"day": (86_400.0, 24), "week": (7 * 86_400.0, 28)}
WIDTH, HEIGHT = 600.0, 132.0
GAP = 0.22  # of a bar's place


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar, in the picture's units; ``value`` and ``when`` in words."""

    x: float
    y: float
    width: float
    height: float
    value: str
    when: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A picture of bars. ``top`` is what the upper line stands for, ``first`` where it begins."""

    title: str
    summary: str
    bars: tuple[Bar, ...]
    top: str
    first: str
    width: float = WIDTH
    height: float = HEIGHT


def throughput(found: Sequence[Described], span: Span, now: float) -> Plot:
    """How many attachments were described, by the hour or by six hours."""
    numbers = [float(len(each)) for each in parted(found, span, now)]
    most = f"; the most in one bar: {max(numbers):.0f}" if found else ""
    return plot_of(
        "Descriptions", f"{len(found)} descriptions in the last {span}{most}", numbers, span, now
    )


def latency(found: Sequence[Described], span: Span, now: float) -> Plot:
    """The median time from meeting a new post to its description; old posts wait their turn."""
    new = [one for one in found if not one.backfill]
    medians = [
        median(one.after for one in each) if each else 0.0 for each in parted(new, span, now)
    ]
    if new:
        typical, slow = quantile([one.after for one in new], 0.5, 0.95)
        summary = (
            f"Half of the new posts had their description within {duration(typical)}, 95 % "
            f"within {duration(slow)}"
        )
    else:
        summary = f"No new post was described in the last {span}"
    return plot_of("Time to description", summary, medians, span, now, seconds=True)


def parted(found: Sequence[Described], span: Span, now: float) -> list[list[Described]]:
    """What was described, by bar."""
    length, number = SPANS[span]
    parts: list[list[Described]] = [[] for _ in range(number)]
    since, step, last = now - length, length / number, number - 1
    for one in found:
        if since <= one.at <= now:  # what was described this very moment is of the last bar
            parts[min(int((one.at - since) / step), last)].append(one)
    return parts


# size: what it is called, what it shows, and when that was.
def plot_of(
    title: str,
    summary: str,
    values: Sequence[float],
    span: Span,
    now: float,
    *,
    seconds: bool = False,
) -> Plot:
    """The picture of some values, evenly spread over a span that ends now."""
    length, number = SPANS[span]
    top = rounded_up(max(values), seconds=seconds)
    step = WIDTH / number
    bars = tuple(
        Bar(
            x=round(place * step + step * GAP / 2, 1),
            y=round(HEIGHT - HEIGHT * value / top, 1),
            width=round(step * (1 - GAP), 1),
            height=round(HEIGHT * value / top, 1),
            value=duration(value) if seconds else f"{value:.0f}",
            when=moment(now - length + place * length / number),
        )
        for place, value in enumerate(values)
    )
    return Plot(
        title=title,
        summary=summary,
        bars=bars,
        top=duration(top) if seconds else f"{top:.0f}",
        first=f"{24 if span == 'day' else 7} {'hours' if span == 'day' else 'days'} ago",
    )


def rounded_up(value: float, *, seconds: bool) -> float:
    """A round number that is no smaller: of a unit of time where it is one."""
    unit = next((size for size in (86_400.0, 3600.0, 60.0) if seconds and value >= size), 1.0)
    if value <= 0:
        return 1.0
    scaled = value / unit
    power = 10.0 ** math.floor(math.log10(scaled))
    steps = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    found = next(step * power for step in steps if step * power >= scaled * 0.9999)
    return unit * found if seconds else float(math.ceil(found))


def quantile(values: Sequence[float], *parts: float) -> tuple[float, ...]:
    """For each part the value that so many of all are not above (nearest rank)."""
    ordered = sorted(values)
    return tuple(ordered[max(math.ceil(part * len(ordered)) - 1, 0)] for part in parts)
