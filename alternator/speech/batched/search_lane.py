"""A lane with its search: windows come in, are decoded side by side, and leave one by one.

A step chooses a token for each hypothesis by the logits that are there, and has the network give
the next ones. All of it stays on the device. On a GPU two steps are started at a time, and while
they run the host looks at what the two before them brought; what a place that is done goes on to
compute is not read. On the CPU the host looks after each choice, which costs nothing there.
"""

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from alternator.speech.batched.captured import Captured, graph_size, recorder_for
from alternator.speech.batched.hypotheses import Hypotheses, Kinds, LaneShape
from alternator.speech.batched.jobs import Heard, Job, Plan
from alternator.speech.batched.network import Network
from alternator.speech.batched.ranking import Hypothesis, best, hypotheses_of
from alternator.speech.batched.streams import Moment, Side
from alternator.speech.batched.token_rules import RuleTokens, TokenRules

# How many steps a GPU is given before the host looks for windows that are done.
STEPS = 2

logger = logging.getLogger(__name__)

# Numbers of places, which kinds of search, whether places have different amounts of sound.
_Key = tuple[int, Kinds, bool]


@dataclass(frozen=True, eq=False)
class _Seat:
    """That a window is in a place. Another attempt at it has another one: what was seen of the
    first, while steps ran ahead, says nothing of the second."""

    job: Job


@dataclass(frozen=True, kw_only=True, eq=False)
class _Look:
    """Which places are done, at the moment ``ready``, and who sat there."""

    done: Tensor
    seats: dict[int, _Seat]
    ready: Moment


def runs_ahead(device: torch.device) -> bool:
    """Whether steps are started before the host has seen what the ones before them brought."""
    return device.type == "cuda"


class SearchLane:
    """Places for windows that are decoded together. All in ``torch.inference_mode()``."""

    def __init__(
        self, network: Network, shape: LaneShape, tokens: RuleTokens, no_speech: int
    ) -> None:
        self.shape = shape
        self._network, self._tokens, self._no_speech_token = network, tokens, no_speech
        device, windows, rows = network.device, shape.windows, shape.rows
        self._lane = network.lane(windows, rows, attention=shape.attention)
        self._rules = TokenRules(tokens, windows, rows, device)
        self._hypotheses = Hypotheses(
            shape, steps=network.dimensions.n_text_ctx, end=tokens.end, device=device
        )
        self._logits = torch.zeros(windows, rows, tokens.vocabulary, device=device)
        self._no_speech = torch.zeros(windows, device=device)
        self._seats: dict[int, _Seat] = {}
        self._looks: deque[_Look] = deque()
        self._runs_ahead = runs_ahead(device)
        self._side = Side(device)
        self._step = Captured(self._recordable_step, recorder_for(device), logger.warning)

    @property
    def jobs(self) -> list[Job]:
        """Whose windows are in it."""
        return [seat.job for seat in self._seats.values()]

    @property
    def room(self) -> int:
        """How many windows more it takes."""
        return self.shape.windows - len(self._seats)

    def admit(self, jobs: Sequence[Job]) -> None:
        """Windows begin, no more than there is room for; their starts are of one length, and
        <|startoftranscript|> stands at one place in them."""
        plans = [job.planned for job in jobs]
        free = [place for place in range(self.shape.windows) if place not in self._seats]
        places = free[: len(jobs)]
        sounds = [job.heard for job in jobs]
        hidden = self._lane.admit(places, sounds, [plan.start.tokens for plan in plans])
        logits = self._network.logits(hidden[:, [plans[0].start.sot, -1]])
        silence = logits[:, 0].softmax(dim=-1)[:, self._no_speech_token]
        for number, (place, plan) in enumerate(zip(places, plans, strict=True)):
            self._no_speech[place] = silence[number]
            self._logits[place] = self._rules.begin(place, plan.rules, logits[number, 1])
            self._hypotheses.begin(place, plan.way)
            self._seats[place] = _Seat(jobs[number])

    def drop(self, job: Job) -> None:
        """Nobody waits for this window any more."""
        for place, seat in list(self._seats.items()):
            if seat.job is job:
                self._leave(place)

    def round(self) -> list[Heard]:
        """Some steps of all windows; what became of those that are done."""
        if not self._seats:
            return []
        self._close_gaps()
        n, kinds = self._reach(), self._kinds()
        if self._runs_ahead:
            n = graph_size(n, self.shape.windows)
            for _ in range(STEPS):
                self._step((n, kinds, self._lane.uneven))
            self._looks.append(self._look())
            return self._heard(self._looks.popleft()) if len(self._looks) > 1 else []
        self._choose(n, kinds)
        heard = self._heard(self._look())
        if self._seats:
            self._go_on(self._reach())
        return heard

    def _recordable_step(self, key: _Key) -> None:
        """All of a step; ``key`` is what its operations depend on beside the tensors' contents."""
        n, kinds, _ = key
        self._choose(n, kinds)
        self._go_on(n)

    def _choose(self, n: int, kinds: Kinds) -> None:
        logprobs = self._rules.log_probabilities(self._logits[:n])
        tokens, parents = self._hypotheses.choose(logprobs, kinds)
        self._rules.follow(tokens, parents)
        self._chosen, self._parents = tokens, parents

    def _go_on(self, n: int) -> None:
        if self._parents is not None:
            self._lane.reorder(self._parents[:n])
        self._rules.suppress(self._lane.step(self._chosen[:n]), out=self._logits[:n])

    def _reach(self) -> int:
        """How many places from the first on are computed."""
        return max(self._seats) + 1

    def _kinds(self) -> Kinds:
        ways = [job.planned.way for job in self.jobs]
        return Kinds(
            alone=any(way.sequences is None for way in ways),
            samples=any(way.temperature > 0 for way in ways),
            beams=any(way.sequences is not None for way in ways),
        )

    def _close_gaps(self) -> None:
        """Have no empty place computed that nobody came for."""
        while (last := max(self._seats)) >= len(self._seats):
            gap = next(place for place in range(last) if place not in self._seats)
            self._lane.move(last, gap)
            for state in self._state():
                state[gap] = state[last]
            self._seats[gap] = self._seats[last]
            self._leave(last)

    def _state(self) -> list[Tensor]:
        own = [self._logits, self._no_speech]
        return [*own, *self._rules.state, *self._hypotheses.state]

    def _leave(self, place: int) -> None:
        del self._seats[place]
        self._hypotheses.done[place] = True
        self._lane.release(place)

    def _look(self) -> _Look:
        done = self._hypotheses.done.to("cpu", non_blocking=True, copy=True)
        return _Look(done=done, seats=dict(self._seats), ready=Moment(self._network.device))

    def _heard(self, look: _Look) -> list[Heard]:
        look.ready.wait()
        # A window may have left since, or have moved to another place.
        done = {seat for place, seat in look.seats.items() if look.done[place]}
        found = []
        for place, seat in list(self._seats.items()):
            if seat in done:
                moved = look.seats.get(place) is not seat
                ready = Moment(self._network.device) if moved else look.ready
                found.append(self._read(place, seat.job, ready))
                self._leave(place)
        return found

    def _read(self, place: int, job: Job, ready: Moment) -> Heard:
        """Read from a place that is done. Not behind the steps that run by now: it lies still."""
        plan = job.planned
        with self._side.after(ready):
            written = self._hypotheses.read(place, plan.way.sequences is not None)
            no_speech = float(self._no_speech[place])
        found = hypotheses_of(written, plan.way, self._tokens.end)
        hypothesis = best(found, job.window.search.length_penalty)
        attention = self._attention(place, plan, hypothesis) if self.shape.attention else None
        return Heard(job=job, hypothesis=hypothesis, no_speech_prob=no_speech, attention=attention)

    def _attention(self, place: int, plan: Plan, hypothesis: Hypothesis) -> Tensor:
        fed = len(plan.start.tokens) + len(hypothesis.tokens) - (not hypothesis.ended)
        found = self._lane.attention(place, hypothesis.row, fed)
        if hypothesis.ended:
            return found
        # The last token of a full window was not fed: there is no step behind it.
        return torch.cat([found, found[:, -1:]], dim=1)
