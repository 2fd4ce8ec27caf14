"""The lanes that there are, by what windows ask for: made when the first such window comes."""

from collections import Counter, deque
from collections.abc import Iterable
from operator import itemgetter

import torch

from alternator.speech.batched.hypotheses import LaneShape
from alternator.speech.batched.jobs import Heard, Job
from alternator.speech.batched.network import Network
from alternator.speech.batched.search_lane import SearchLane
from alternator.speech.batched.token_rules import RuleTokens

# A lane that only second attempts need has this share of the places: they are few.
SECOND_LANE = 4
# So many are kept though they are empty.
MOST_LANES = 2


class Lanes:
    """All lanes of a network. ``windows``: the places of each, a positive number."""

    def __init__(
        self, network: Network, tokens: RuleTokens, no_speech: int, *, windows: int
    ) -> None:
        self._network, self._tokens, self._no_speech = network, tokens, no_speech
        self._windows = windows
        self._lanes: list[SearchLane] = []

    def __len__(self) -> int:
        return sum(len(lane.jobs) for lane in self._lanes)

    @property
    def jobs(self) -> list[Job]:
        """Whose windows are in them."""
        return [job for lane in self._lanes for job in lane.jobs]

    def admit(self, ready: deque[Job]) -> None:
        """Take from ``ready`` what there is room for, by ``in_turns``; starts of one length go in
        together."""
        self._drop_idle(ready)
        if not ready:
            return
        together: dict[tuple[SearchLane, int, int], list[Job]] = {}
        room = {lane: lane.room for lane in self._lanes}
        stay: list[Job] = []
        for job in in_turns(ready, self.jobs):
            lane = self._lane_for(job)
            if room.setdefault(lane, lane.room):
                room[lane] -= 1
                start = job.planned.start
                together.setdefault((lane, len(start.tokens), start.sot), []).append(job)
            else:
                stay.append(job)
        ready.clear()
        ready.extend(stay)
        for (lane, _, _), jobs in together.items():
            lane.admit(jobs)

    def round(self, *, for_all: bool) -> list[Heard]:
        """Some steps of all windows; what became of those that are done.

        Unless it is ``for_all``, lanes without an urgent window wait for those that have one.
        """
        urgent = [lane for lane in self._lanes if any(job.window.urgent for job in lane.jobs)]
        lanes = self._lanes if for_all or not urgent else urgent
        return [heard for lane in lanes for heard in lane.round()]

    def drop(self, job: Job) -> None:
        """Nobody waits for this window any more."""
        for lane in self._lanes:
            lane.drop(job)

    def _drop_idle(self, ready: deque[Job]) -> None:
        """Give the memory of lanes back that nobody asks for any more, where there are many."""
        if len(self._lanes) > MOST_LANES:
            asked = [self._shape_for(job) for job in ready]
            self._lanes = [
                lane for lane in self._lanes if lane.jobs or any(map(lane.shape.takes, asked))
            ]

    def _shape_for(self, job: Job) -> LaneShape:
        way = job.planned.way
        return LaneShape(
            windows=self._windows if job.attempt == 0 else max(1, self._windows // SECOND_LANE),
            rows=way.rows,
            sequences=max(way.rows, way.sequences or 0),
            attention=job.window.search.wants_attention,
        )

    def _lane_for(self, job: Job) -> SearchLane:
        shape = self._shape_for(job)
        for lane in self._lanes:
            if lane.shape.takes(shape):
                return lane
        lane = SearchLane(self._network, shape, self._tokens, self._no_speech)
        self._lanes.append(lane)
        return lane


def in_turns(ready: Iterable[Job], inside: Iterable[Job]) -> list[Job]:
    """Who comes first: what is urgent, then whose owner has least ``inside``, then who is first in
    ``ready``.

    A file whose windows are all tried again and again would keep all places to itself.
    """
    has = Counter(job.window.owner for job in inside)
    ranked: list[tuple[bool, int, Job]] = []
    for job in ready:
        ranked.append((not job.window.urgent, has[job.window.owner], job))
        has[job.window.owner] += 1
    return [job for _, _, job in sorted(ranked, key=itemgetter(0, 1))]


def free_memory(device: torch.device) -> None:
    """Give back what torch keeps for later."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
