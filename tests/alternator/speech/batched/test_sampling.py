"""Tokens by chance: as likely as they are said to be, and never one that can't be."""

import pytest
import torch

from alternator.speech.batched.sampling import chances, sampled


def draw(logprobs: list[float], temperature: float, times: int) -> torch.Tensor:
    """How often each token is drawn of so many times."""
    rows = torch.tensor(logprobs).expand(1, times, -1)
    chance = chances(3, 1, times)
    tokens = sampled(rows, torch.tensor([[temperature]]), chance)
    return torch.bincount(tokens[0], minlength=len(logprobs)) / times


@pytest.mark.parametrize("temperature", [0.4, 1.0])
def test_tokens_are_drawn_as_often_as_they_are_likely(temperature):
    probabilities = torch.tensor([0.1, 0.0, 0.5, 0.3, 0.1, 0.0])
    right = torch.softmax(probabilities.log() / temperature, dim=-1)
    found = draw(probabilities.log().tolist(), temperature, 40_000)
    # Four standard deviations of a share of 40,000 draws are below 0.01.
    torch.testing.assert_close(found, right, atol=0.01, rtol=0)
    assert found[1] == 0
    assert found[5] == 0


@pytest.mark.parametrize("chance", [0.0, 1 - 2**-24])
def test_the_ends_of_chance_draw_what_can_be(chance):
    logprobs = torch.full((1, 1, 51865), -torch.inf)
    logprobs[0, 0, [100, 40_000]] = torch.tensor([0.5, 0.5]).log()
    token = sampled(logprobs, torch.tensor([[1.0]]), torch.tensor([[chance]]))
    assert token.item() == (100 if chance == 0 else 40_000)


def test_the_likeliest_is_taken_where_the_temperature_is_0():
    logprobs = torch.log_softmax(torch.randn(2, 1, 50), dim=-1)
    tokens = sampled(logprobs, torch.tensor([[0.0], [1e-3]]), torch.tensor([[0.9], [0.9]]))
    assert torch.equal(tokens, logprobs.argmax(dim=-1))


def test_a_seed_draws_the_same_for_a_window_every_time():
    assert torch.equal(chances(5, 10, 3), chances(5, 10, 3))
    assert not torch.equal(chances(5, 10, 3), chances(6, 10, 3))
