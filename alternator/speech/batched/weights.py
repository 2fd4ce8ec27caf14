"""A checkpoint's weights, one after the other, onto a device in the type computed in."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from alternator.speech.batched.linear import Linear, linear_layer


@dataclass(frozen=True, kw_only=True)
class Norm:
    """A layer norm's weights."""

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """The mean and variance of the last dimension taken out; computed in float32 inside."""
        return torch.layer_norm(x, self.weight.shape, self.weight, self.bias)


class Weights:
    """Gives the weights below a name, converted; what was given is a copy and lives by itself."""

    def __init__(
        self, weights: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype
    ) -> None:
        self._weights = weights
        self._device = device
        self._dtype = dtype

    def tensor(self, name: str) -> Tensor:
        """A weight by its full name."""
        return self._weights[name].detach().to(self._device, self._dtype, copy=True)

    def norm(self, name: str) -> Norm:
        """The layer norm of that name."""
        return Norm(weight=self.tensor(f"{name}.weight"), bias=self.tensor(f"{name}.bias"))

    def linear(self, *names: str) -> Linear:
        """The linear layers of those names as one: their outputs one after the other.

        A layer without a bias (Whisper's keys) has one of zeros among others that have one.
        """
        weight = torch.cat([self.tensor(f"{name}.weight") for name in names])
        return linear_layer(weight, self._bias(names))

    def _bias(self, names: tuple[str, ...]) -> Tensor | None:
        if not any(f"{name}.bias" in self._weights for name in names):
            return None
        parts = [
            self.tensor(f"{name}.bias")
            if f"{name}.bias" in self._weights
            else torch.zeros(
                len(self._weights[f"{name}.weight"]), device=self._device, dtype=self._dtype
            )
            for name in names
        ]
        return torch.cat(parts)

    def vocabulary(self, embedding: Tensor) -> Linear:
        """The product that gives a logit for every token: with the tokens' own embedding."""
        return linear_layer(embedding, None)
