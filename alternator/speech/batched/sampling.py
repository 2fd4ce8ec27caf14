"""The next token of hypotheses that go on alone: the likeliest, or one by chance.

GreedyDecoder of https://github.com/openai/whisper/blob/v20250625/whisper/decoding.py

Chance is drawn before a window begins: one number a hypothesis and step, from a generator that
is seeded for the window alone. So what a window says does not depend on its neighbours, a step
draws nothing, and every device, with cuRAND or without, draws the same.
"""

import torch
from torch import Tensor

from alternator.speech.batched.top_tokens import largest

# Sums of float32 are off by less: the number drawn stays below the sum of all probabilities.
BELOW_ONE = 1 - 1e-6


def chances(seed: int, rows: int, steps: int) -> Tensor:
    """Numbers from 0 to below 1, float32, (rows, steps), always the same for a seed."""
    return torch.rand(rows, steps, generator=torch.Generator().manual_seed(seed))


def sampled(logprobs: Tensor, temperature: Tensor, chance: Tensor) -> Tensor:
    """A token for each hypothesis, int64, (n, rows): by chance where the temperature is above 0,
    the likeliest elsewhere.

    ``logprobs`` (n, rows, vocabulary); ``temperature`` (n, 1); ``chance`` (n, rows).
    """
    random = temperature > 0
    heat = torch.where(random, temperature, 1.0)[..., None]
    probabilities = torch.softmax(logprobs / heat, dim=-1)
    sums = probabilities.cumsum(dim=-1)
    reached = sums > chance[..., None] * BELOW_ONE * sums[..., -1:]
    # The first that is reached; a sum may stand an ulp higher after a token that can't be.
    drawn = largest((reached & (probabilities > 0)).to(torch.uint8))
    return torch.where(random, drawn, largest(logprobs))
