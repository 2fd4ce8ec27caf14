"""Writes docs/scaling_figures.md: ``python -m bench.scale.report [--check]``.

From bench/scale/results.json, which ``python -m bench.scale --json`` wrote, and from what a
hundred thousand accounts would do, as assumed in ``ASSUMED``.
"""

import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.write_or_check import write_or_check

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "scale" / "results.json"
DOCUMENT = ROOT / "docs" / "scaling_figures.md"

HEAD = """\
# What a cluster bears

Made by `python -m bench.scale.report` from what `python -m bench.scale` measured on {day}, on a
machine with {cores} cores that everything shares: PostgreSQL, the servers and endpoints that are
played, and the roles. So they are lower bounds. PostgreSQL did not wait for the disk. Accounts were
watched for {seconds:.0f} s at rest and as long at work, the queue was emptied {times} time(s) by
each number of workers, and {posts} posts were timed.

## Measured

| what | wanted | measured |
|---|---|---|
"""
PAPER = """
## On paper: a hundred thousand accounts

Nobody has run this. It is reckoned from the figures above, with assumptions that you can change
(`ASSUMED` in `bench/scale/report.py`):

"""


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """What members do, and what machines are like."""

    accounts: int = 100_000
    posts_a_day: float = 1.0  # with media, of an account
    peak: float = 5.0  # the busiest minutes, as a multiple of the mean
    speech_share: float = 0.1  # of those posts
    clip_seconds: float = 45.0
    # Seconds of sound that a GPU writes down in one: what a decoder of 120 lines on plain torch
    # reached on an H200 was 4,578; a twentieth of that is assumed for a whole worker on a common
    # card, with everything around the decoder.
    times_real_time: float = 230.0
    vision_seconds: float = 3.0  # of an endpoint, for a picture


ASSUMED = Assumed()


def document(found: dict[str, Any]) -> str:
    """The whole page."""
    measured_with = found["measured"]
    text = HEAD.format(
        day=" and ".join(sorted({part["day"] for part in measured_with.values()})),
        cores=measured_with["accounts"]["cores"],
        seconds=measured_with["accounts"]["seconds"],
        times=measured_with["queue"]["times"],
        posts=measured_with["latency"]["posts"],
    )
    text += "".join(f"| {' | '.join(row)} |\n" for row in measured(found))
    text += MILLION_HEAD.format(**measured_with["million"])
    text += "".join(f"| {' | '.join(row)} |\n" for row in of_million(found))
    text += PAPER + "".join(f"- {line}\n" for line in assumptions(ASSUMED))
    text += "\n| what | needs |\n|---|---|\n"
    text += "".join(f"| {' | '.join(row)} |\n" for row in on_paper(found, ASSUMED))
    return f"{text}\n{BREAKS}"


MILLION_HEAD = """
After a million finished posts (1,000 accounts with 1,000 each, ten a week) against 1,250 (25
accounts with 50 each, ten a week), and of one account that has 20,000 beside the million (190 a
week). All in one run, two of the three in turn: medians of {turns} times in each of {rounds}
rounds, for which all processes and connections were begun anew. A *read* is what a page asks the
state for. A *page* is one of `alternator web`, from its request over loopback to its last byte. It
shows as many posts and accounts in all three, but for the week's bars of the one account.

| step | 1,250, ms | million, ms | ratio (in a round) | ratio of the one account (in a round) |
|---|---|---|---|---|
"""


def measured(found: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Rows: what, wanted, measured."""
    one = found["accounts"]
    yield (
        f"memory of one `alternator bot` that watches {one['accounts']:,} accounts by streams",
        "500 MB",
        f"{one['memory']:.0f} MB",
    )
    yield ("its share of a core at rest", "", f"{one['at_rest']:.2f}")
    yield ("its share of a core at one post a second", "0.5", f"{one['busy']:.2f}")
    yield ("from its start until all streams are open", "", f"{one['start']:.0f} s")
    for row in found["queue"]:
        wanted = "50" if row["workers"] == 1 else ""
        yield (
            (
                f"posts a second through the queue, instant describer, {row['workers']} "
                f"{'worker' if row['workers'] == 1 else 'workers'} of four threads"
            ),
            wanted,
            f"{row['posts_a_second']:.0f}, with {row['cores']:.2f} cores in use",
        )
    alone, beside, *_ = [row["posts_a_second"] / row["cores"] for row in found["queue"]]
    yield (
        "posts for each second of a core, 2 workers against 1 (where the cores are full)",
        "0.85",
        f"{beside / alone:.2f}",
    )
    latency = found["latency"]
    yield (
        "from a post to a worker's first request for it, idle system, median",
        "0.5 s",
        f"{latency['first']:.2f} s",
    )
    yield ("from a post to its description", "", f"{latency['described']:.2f} s")
    for row in found["recovery"]:
        there = "started again after a second" if row["again"] else "another is there"
        yield (
            f"from SIGKILL of `alternator {row['role']}` until {row['until']} ({there})",
            "60 s",
            f"{row['seconds']:.0f} s",
        )


def of_million(found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Rows: step, and the figures."""
    for row in found["million"]:
        one = row["of_one"]
        yield (
            row["name"],
            f"{row['few']:.2f}",
            f"{row['many']:.2f}",
            with_spread(row["ratio"], row["parts"]),
            "" if one is None else with_spread(one, row["parts_of_one"]),
        )


def with_spread(ratio: float, parts: Sequence[float]) -> str:
    """A ratio, and between which it was."""
    return f"{ratio:.2f} ({min(parts):.2f} to {max(parts):.2f})"


def assumptions(assumed: Assumed) -> Iterator[str]:
    """What is assumed, in words."""
    yield (
        f"{assumed.accounts:,} accounts post {assumed.posts_a_day:g} post with media a day, "
        f"{assumed.peak:g} times as many in the busiest minutes"
    )
    yield (
        f"{assumed.speech_share:.0%} of them have speech, {assumed.clip_seconds:g} s long; a GPU "
        f"writes down {assumed.times_real_time:g} s of sound in a second"
    )
    yield f"an endpoint takes {assumed.vision_seconds:g} s for a picture"


def on_paper(found: dict[str, Any], assumed: Assumed) -> Iterator[tuple[str, str]]:
    """Rows: what, and what it needs."""
    mean = assumed.accounts * assumed.posts_a_day / 86_400
    peak = mean * assumed.peak
    yield ("posts", f"{mean:.1f} a second, {peak:.1f} at the peak")
    watched = found["accounts"]
    per_account = watched["memory"] / watched["accounts"]
    rest = watched["at_rest"] / watched["accounts"] * assumed.accounts
    each = max(watched["busy"] - watched["at_rest"], 0.0)
    cores = rest + each * peak
    bots = math.ceil(assumed.accounts / 10_000)
    yield (
        "bots",
        (
            f"{bots} processes of 10,000 accounts; "
            f"{per_account * assumed.accounts / 1000:.0f} GB and "
            f"{cores:.1f} cores in all; {assumed.accounts:,} open connections"
        ),
    )
    one = found["queue"][0]
    queue_cores = one["cores"] / one["posts_a_second"] * peak
    yield ("queue and state", f"{queue_cores:.2f} cores for the peak, workers' and PostgreSQL's")
    speech = peak * assumed.speech_share * assumed.clip_seconds
    gpus = math.ceil(speech / assumed.times_real_time)
    yield (
        "speech",
        (
            f"{speech:.0f} s of sound a second at the peak: {gpus} "
            f"{'GPU' if gpus == 1 else 'GPUs'}, and one more to lose"
        ),
    )
    yield (
        "pictures",
        (
            f"{peak * (1 - assumed.speech_share) * assumed.vision_seconds:.0f} questions to the "
            f"endpoint at once at the peak"
        ),
    )
    processes = bots + 4 + gpus + 2
    connected = math.ceil(max(row["connections"] for row in [watched, *found["queue"]]))
    yield (
        "PostgreSQL",
        (
            f"{processes * connected} connections of {processes} processes; "
            f"{assumed.accounts * assumed.posts_a_day * 365 / 1e6:.0f} million posts a year"
        ),
    )


BREAKS = """\
What breaks first, in this order: **the servers' patience** (a server counts 300 requests in five
minutes for each token, so looks are spread; but one that has all these accounts carries all their
streams); **open files** (each stream is a connection: raise `nofile` above 10,000 for a bot);
**PostgreSQL's connections** (100 by default: raise them, or put a pool in between that keeps
sessions); then **the vision endpoint's** own limit. The queue and the GPU come last.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page, or check that it is current."""
    found = json.loads(RESULTS.read_text())
    hint = "run python -m bench.scale.report"
    current = write_or_check({DOCUMENT: document(found)}, hint, argv)
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())
