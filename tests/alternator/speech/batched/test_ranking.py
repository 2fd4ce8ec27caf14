"""Which hypothesis is the answer."""

import pytest
import torch
from whisper.decoding import MaximumLikelihoodRanker

from alternator.speech.batched.hypotheses import Way, Written
from alternator.speech.batched.ranking import Hypothesis, best, hypotheses_of

END = 9


@pytest.mark.parametrize("penalty", [None, 0.0, 0.5, 1.0])
def test_the_best_is_openai_whispers(penalty):
    generator = torch.Generator().manual_seed(4)
    for _ in range(30):
        lengths = torch.randint(1, 12, (5,), generator=generator).tolist()
        totals = (-9 * torch.rand(5, generator=generator)).tolist()
        ours = [
            Hypothesis(
                tokens=(1,) * length, logprobs=(-1.0,) * length, total=total, ended=True, row=row
            )
            for row, (length, total) in enumerate(zip(lengths, totals, strict=True))
        ]
        theirs = MaximumLikelihoodRanker(penalty)
        right = theirs.rank([[torch.ones(length) for length in lengths]], [totals])[0]
        assert best(ours, penalty) is ours[int(right)]


def test_samples_end_where_each_of_them_ended():
    written = Written(
        tokens=[[1, 2], [END, 3], [END, 4]],
        logprobs=[[-0.1, -0.2], [-0.3, -0.4], [0.0, -0.5]],
        parents=[],
        sums=[-0.4, -1.1],
        finished=[],
    )
    one, other = hypotheses_of(written, Way(rows=2, steps=3, temperature=0.5), END)
    assert (one.tokens, one.logprobs, one.ended) == ((1,), (-0.1, -0.3), True)
    assert (other.tokens, other.logprobs, other.ended) == ((2, 3, 4), (-0.2, -0.4, -0.5), False)


def test_beams_are_read_backwards_and_the_likeliest_unfinished_fill_up():
    written = Written(
        tokens=[[1, 2], [3, 4], [5, 6]],
        logprobs=[[-0.1, -0.2], [-0.3, -0.4], [-0.5, -0.6]],
        parents=[[0, 0], [1, 0], [1, 1]],
        sums=[-3.0, -2.0],
        finished=[(1, 1, -0.7, -0.9)],
    )
    ended, open_one = hypotheses_of(written, Way(rows=2, steps=3, sequences=2), END)
    assert (ended.tokens, ended.logprobs, ended.row) == ((2,), (-0.2, -0.7), 1)
    # Row 1 at the end came from row 1, and that from row 0.
    assert (open_one.tokens, open_one.logprobs) == ((1, 4, 6), (-0.1, -0.4, -0.6))
    assert (open_one.total, open_one.ended, open_one.row) == (-2.0, False, 1)
