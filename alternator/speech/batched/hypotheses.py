"""What was chosen so far in each place of a lane, and the choice of the next tokens.

The tokens of a place are written down step by step, with the row that each goes on from. Nothing
is moved when beams change rows: a hypothesis is read backwards when its window is done.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from alternator.speech.batched.beams import Beams, FinishedBeams, next_beams, offered
from alternator.speech.batched.sampling import chances, sampled
from alternator.speech.batched.top_tokens import largest


@dataclass(frozen=True, kw_only=True)
class LaneShape:
    """``windows`` places of ``rows`` hypotheses; ``sequences``: the most finished beams of one.
    ``attention``: that of the alignment heads is kept."""

    windows: int
    rows: int
    sequences: int
    attention: bool

    def takes(self, other: "LaneShape") -> bool:
        """Whether windows that ask for the other's shape find at least that in this one."""
        return (
            self.rows == other.rows
            and self.attention == other.attention
            and self.sequences >= other.sequences
            and self.windows >= other.windows
        )


@dataclass(frozen=True, kw_only=True)
class Way:
    """How the tokens of one attempt at a window are chosen.

    ``rows`` hypotheses: beams (``sequences`` finished ones are enough), or samples at a
    ``temperature`` above 0, or the likeliest token alone. ``steps``: the most tokens. ``seed``: of
    what is left to chance.
    """

    rows: int
    steps: int
    temperature: float = 0.0
    sequences: int | None = None
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """Which ways there are among the windows of a step: what is not there is not computed."""

    alone: bool
    samples: bool
    beams: bool


@dataclass(frozen=True, kw_only=True)
class Written:
    """What stands in a place: of each step the rows' tokens, log-probabilities and the rows that
    they go on from; the sum of each row; and the finished beams: (step, row, log-probability of the
    end, sum)."""

    tokens: list[list[int]]
    logprobs: list[list[float]]
    parents: list[list[int]]
    sums: list[float]
    finished: list[tuple[int, int, float, float]]


class Hypotheses:
    """The hypotheses of a lane's places; all state is tensors of (windows, …) written in place.

    ``steps``: the most tokens of a window; ``end``: the token of the end of the text.
    """

    def __init__(self, shape: LaneShape, *, steps: int, end: int, device: torch.device) -> None:
        windows, rows = shape.windows, shape.rows

        def new(*shape: int, dtype: torch.dtype = torch.int64) -> Tensor:
            return torch.zeros(windows, *shape, dtype=dtype, device=device)

        self.rows, self.steps = rows, steps
        self._end = end
        # What a place that is done goes on to compute is written to one step more.
        self._tokens, self._parents = new(steps + 1, rows), new(steps + 1, rows)
        self._logprobs = new(steps + 1, rows, dtype=torch.float32)
        self._chances = new(steps + 1, rows, dtype=torch.float32)
        self._sums = new(rows, dtype=torch.float32)
        self._ended = new(rows, dtype=torch.bool)
        self._step, self._limit = new(), new()
        self._by_beams = new(1, dtype=torch.bool)
        self._temperature = new(1, dtype=torch.float32)
        self._own_row = torch.arange(rows, device=device)
        self._finished = FinishedBeams(windows, shape.sequences, device)
        # Whether a place's window has all its tokens, or the place is empty.
        self.done = torch.ones(windows, dtype=torch.bool, device=device)

    @property
    def state(self) -> list[Tensor]:
        """What moves with a window to another place."""
        return [
            *(self._tokens, self._parents, self._logprobs, self._chances, self._sums),
            *(self._ended, self._step, self._limit, self._by_beams, self._temperature, self.done),
            *self._finished.state,
        ]

    def begin(self, place: int, way: Way) -> None:
        """A window begins in a place."""
        self._sums[place] = 0
        self._ended[place] = False
        self._step[place] = 0
        self._limit[place] = way.steps
        self._by_beams[place] = way.sequences is not None
        self._temperature[place] = way.temperature
        if way.sequences is not None:
            # All beams are the same one still.
            self._sums[place, 1:] = -torch.inf
            self._finished.begin(place, way.sequences)
        elif way.temperature > 0:
            self._chances[place, : self.steps] = chances(way.seed, self.steps, self.rows).to(
                self._chances.device
            )
        self.done[place] = False

    def choose(self, logprobs: Tensor, kinds: Kinds) -> tuple[Tensor, Tensor | None]:
        """The next tokens by their log-probabilities (n, rows, vocabulary), and the rows that they
        go on from (None: all their own): int64, (n, rows) each."""
        n = len(logprobs)
        step, done = self._step[:n], self.done[:n]
        slot = torch.where(done, self.steps, step)[:, None, None].expand(-1, 1, self.rows)
        if not kinds.beams:
            found, complete = self._alone(logprobs, slot, kinds), self._ended[:n].all(dim=1)
        else:
            found, complete = self._by_beam(logprobs, done)
            if kinds.alone:
                alone = self._alone(logprobs, slot, kinds)
                by_beams = self._by_beams[:n]
                found = _either(by_beams, found, alone)
                complete = torch.where(by_beams[:, 0], complete, self._ended[:n].all(dim=1))
            self._parents[:n].scatter_(1, slot, found.parents[:, None])
        self._tokens[:n].scatter_(1, slot, found.tokens[:, None])
        self._logprobs[:n].scatter_(1, slot, found.logprobs[:, None])
        self._sums[:n] = torch.where(done[:, None], self._sums[:n], found.sums)
        step += ~done
        done |= complete | (step >= self._limit[:n])
        return found.tokens, found.parents if kinds.beams else None

    def _alone(self, logprobs: Tensor, slot: Tensor, kinds: Kinds) -> Beams:
        n = len(logprobs)
        ended = self._ended[:n]
        if kinds.samples:
            chance = self._chances[:n].gather(1, slot)[:, 0]
            tokens = sampled(logprobs, self._temperature[:n], chance)
        else:
            tokens = largest(logprobs)
        values = logprobs.gather(2, tokens[..., None])[..., 0].masked_fill_(ended, 0.0)
        tokens = tokens.masked_fill_(ended, self._end)
        ended |= tokens == self._end
        return Beams(
            tokens=tokens,
            logprobs=values,
            sums=self._sums[:n] + values,
            parents=self._own_row.expand(n, -1),
        )

    def _by_beam(self, logprobs: Tensor, done: Tensor) -> tuple[Beams, Tensor]:
        n = len(logprobs)
        offers = offered(logprobs, self._sums[:n])
        beams, ended = next_beams(offers, self._end, self.rows)
        ended &= ~done[:, None] & self._by_beams[:n]
        return beams, self._finished.keep(offers, ended, self._step[:n])

    def read(self, place: int, by_beams: bool) -> Written:
        """What was written in a place that is done."""
        steps = int(self._step[place])
        finished: list[tuple[int, int, float, float]] = []
        if by_beams:
            finished = self._finished.read(place)
        return Written(
            tokens=self._tokens[place, :steps].tolist(),
            logprobs=self._logprobs[place, :steps].tolist(),
            parents=self._parents[place, :steps].tolist() if by_beams else [],
            sums=self._sums[place].tolist(),
            finished=finished,
        )


def _either(by_beams: Tensor, one: Beams, other: Beams) -> Beams:
    """Of each place that of its own way; ``by_beams`` (n, 1)."""
    return Beams(
        tokens=torch.where(by_beams, one.tokens, other.tokens),
        logprobs=torch.where(by_beams, one.logprobs, other.logprobs),
        sums=torch.where(by_beams, one.sums, other.sums),
        parents=torch.where(by_beams, one.parents, other.parents),
    )
