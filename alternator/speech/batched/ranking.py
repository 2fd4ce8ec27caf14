"""Which of a window's hypotheses is the answer, as openai-whisper's MaximumLikelihoodRanker has it.

https://github.com/openai/whisper/blob/v20250625/whisper/decoding.py
"""

from dataclasses import dataclass

import numpy as np

from alternator.speech.batched.hypotheses import Way, Written


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """A sequence of tokens without its end.

    ``logprobs``: of each token, and of the end where it came to one (``ended``). ``total``: their
    sum. ``row``: where its last token, or its end, was chosen from.
    """

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    total: float
    ended: bool
    row: int


def hypotheses_of(written: Written, way: Way, end: int) -> list[Hypothesis]:
    """All hypotheses of a window that is done, in openai-whisper's order; ``end`` is the token of
    the end of the text."""
    if way.sequences is None:
        return [_alone(written, row, end) for row in range(way.rows)]
    found = [
        _beam(written, step, row, total, ending=logprob)
        for step, row, logprob, total in written.finished
    ]
    # As many beams that came to no end as are lacking, the likeliest first.
    steps = len(written.tokens)
    for row in np.argsort(np.array(written.sums, dtype=np.float32))[::-1].tolist():
        if len(found) >= way.rows:
            break
        found.append(_beam(written, steps, row, written.sums[row]))
    return found


def best(hypotheses: list[Hypothesis], length_penalty: float | None) -> Hypothesis:
    """The likeliest by its length; ``length_penalty`` from 0 to 1, None: by the mean of a token."""

    def score(one: Hypothesis) -> float:
        length = len(one.tokens)
        if length_penalty is None:
            return one.total / length if length else -np.inf
        return float(one.total / ((5 + length) / 6) ** length_penalty)

    return hypotheses[int(np.argmax([score(one) for one in hypotheses]))]


def _alone(written: Written, row: int, end: int) -> Hypothesis:
    tokens = [tokens[row] for tokens in written.tokens]
    length = tokens.index(end) if end in tokens else len(tokens)
    ended = length < len(tokens)
    return Hypothesis(
        tokens=tuple(tokens[:length]),
        logprobs=tuple(logprobs[row] for logprobs in written.logprobs[: length + ended]),
        total=written.sums[row],
        ended=ended,
        row=row,
    )


def _beam(
    written: Written, steps: int, row: int, total: float, ending: float | None = None
) -> Hypothesis:
    """The beam that stood in ``row`` after so many steps."""
    tokens: list[int] = []
    logprobs: list[float] = []
    at = row
    for step in range(steps - 1, -1, -1):
        tokens.append(written.tokens[step][at])
        logprobs.append(written.logprobs[step][at])
        at = written.parents[step][at]
    return Hypothesis(
        tokens=tuple(reversed(tokens)),
        logprobs=(*reversed(logprobs), *(() if ending is None else (ending,))),
        total=total,
        ended=ending is not None,
        row=row if ending is not None else written.parents[steps - 1][row],
    )
