"""Beam search over all windows of a lane at once, as openai-whisper's BeamSearchDecoder has it.

https://github.com/openai/whisper/blob/v20250625/whisper/decoding.py (BeamSearchDecoder.update)

There, each beam offers its ``beam_size + 1`` likeliest tokens. All offers of a window are walked
from the best on: an end of the text is a finished sequence, anything else one of the next beams,
until there are ``beam_size`` of those. A window is done when it has ``beam_size * patience``
finished sequences. Here the walk is two sorted sums.

All beams of a window begin alike, and openai-whisper counts equal sequences once. Here only the
first beam counts at the beginning: the sums of the others start at minus infinity.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from alternator.speech.batched.top_tokens import top


@dataclass(frozen=True, kw_only=True, eq=False)
class Beams:
    """The next beams of each window, (n, rows), best first: the token, its own log-probability,
    the sum with all before it, and the row that it goes on from."""

    tokens: Tensor
    logprobs: Tensor
    sums: Tensor
    parents: Tensor


class FinishedBeams:
    """The sequences of each place that have come to an end, in the order in which they did.

    ``step`` and ``row`` say which hypothesis ended, and when: it stood in that row before the step.
    Slots behind a place's ``limit`` are never read.
    """

    def __init__(self, windows: int, most: int, device: torch.device) -> None:
        shape = (windows, most + 1)  # The last slot takes what is not kept.
        self.most = most
        self.count = torch.zeros(windows, dtype=torch.int64, device=device)
        self.limit = torch.ones(windows, dtype=torch.int64, device=device)
        self.sums = torch.zeros(shape, device=device)
        self.logprobs = torch.zeros(shape, device=device)
        self.step = torch.zeros(shape, dtype=torch.int64, device=device)
        self.row = torch.zeros(shape, dtype=torch.int64, device=device)

    @property
    def state(self) -> list[Tensor]:
        """What moves with a window to another place."""
        return [self.count, self.limit, self.sums, self.logprobs, self.step, self.row]

    def begin(self, place: int, limit: int) -> None:
        """A window begins that is done with ``limit`` sequences."""
        self.count[place] = 0
        self.limit[place] = limit

    def keep(self, offers: "Offers", ended: Tensor, step: Tensor) -> Tensor:
        """Note the offers that ``ended`` (n, offers) at ``step`` (n), best first, while a place has
        room; gives which places are complete (n)."""
        n = len(ended)
        count, limit = self.count[:n], self.limit[:n]
        slot = count[:, None] + ended.cumsum(1) - 1
        slot = torch.where(ended & (slot < limit[:, None]), slot, self.most)
        self.sums[:n].scatter_(1, slot, offers.sums)
        self.logprobs[:n].scatter_(1, slot, offers.logprobs)
        self.row[:n].scatter_(1, slot, offers.rows)
        self.step[:n].scatter_(1, slot, step[:, None].expand_as(slot))
        count.copy_(torch.minimum(count + ended.sum(1), limit))
        return count >= limit

    def read(self, place: int) -> list[tuple[int, int, float, float]]:
        """The finished sequences of a place: (step, row, log-probability of the end, sum)."""
        kept = range(int(self.count[place]))
        columns = [
            values[place].tolist() for values in (self.step, self.row, self.logprobs, self.sums)
        ]
        step, row, logprobs, sums = columns
        return [(step[at], row[at], logprobs[at], sums[at]) for at in kept]


@dataclass(frozen=True, kw_only=True, eq=False)
class Offers:
    """What the beams of each window offer, best sum first: (n, rows * (rows + 1)) each."""

    tokens: Tensor
    logprobs: Tensor
    sums: Tensor
    rows: Tensor


def offered(logprobs: Tensor, sums: Tensor) -> Offers:
    """The likeliest tokens of each beam: ``logprobs`` (n, rows, vocabulary), ``sums`` (n, rows)."""
    each = logprobs.shape[1] + 1
    values, tokens = top(logprobs, each)
    total, order = (sums[..., None] + values).flatten(1).sort(dim=1, descending=True, stable=True)
    return Offers(
        tokens=tokens.flatten(1).gather(1, order),
        logprobs=values.flatten(1).gather(1, order),
        sums=total,
        rows=torch.div(order, each, rounding_mode="floor"),
    )


def next_beams(offers: Offers, end: int, rows: int) -> tuple[Beams, Tensor]:
    """The next beams, and which offers come to an end before them, (n, offers).

    Every beam offers at most one end, so there are always ``rows`` others.
    """
    ends = offers.tokens == end
    others = (~ends).cumsum(1)
    # An end that can't be chosen is none, though too few other tokens may have brought it up.
    finished = ends & (others < rows) & (offers.sums > -torch.inf)
    slot = torch.where(ends | (others > rows), rows, others - 1)

    def first(values: Tensor) -> Tensor:
        return values.new_zeros(len(values), rows + 1).scatter_(1, slot, values)[:, :rows]

    beams = Beams(
        tokens=first(offers.tokens),
        logprobs=first(offers.logprobs),
        sums=first(offers.sums),
        parents=first(offers.rows),
    )
    return beams, finished
