"""A checkpoint's weights, one after the other, onto a device in the type computed in."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from alternator.speech.batched.linear import Linear, after_gelu, few_rows, many_rows
from alternator.speech.batched.precision import Precision


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
        self, weights: Mapping[str, Tensor], device: torch.device, precision: Precision
    ) -> None:
        self._weights = weights
        self._device = device
        self._precision = precision
        self._dtype = precision.dtype

    @property
    def int8(self) -> bool:
        """Whether linear layers have int8 weights."""
        return self._precision.int8

    def tensor(self, name: str) -> Tensor:
        """A weight by its full name."""
        return self._weights[name].detach().to(self._device, self._dtype, copy=True)

    def norm(self, name: str, *, even: bool = True) -> Norm:
        """The layer norm of that name. ``even``: layers name it as what they come ``after``."""
        weight, bias = self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias")
        if even and self._precision.int8:
            weight, bias = weight / self._unevenness(name), bias / self._unevenness(name)
        return Norm(weight=weight, bias=bias)

    def many_rows(self, *names: str, after: str | None = None, gelu: bool = False) -> Linear:
        """The linear layers of those names as one, whose outputs stand one after the other.

        For hundreds of rows, as the encoder has. ``gelu``: GELU after it. ``after``: the layer norm
        that gives its inputs. A layer without a bias (Whisper's keys) has one of zeros among others
        that have one.
        """
        weight = self._weight(names, after)
        return many_rows(weight, self._bias(names), self._precision, gelu=gelu)

    def few_rows(self, *names: str, after: str | None = None, gelu: bool = False) -> Linear:
        """The same for the decoder, which has a row for each hypothesis."""
        weight = self._weight(names, after)
        return few_rows(weight, self._bias(names), self._precision, gelu=gelu)

    def after_gelu(self, name: str, *, many: bool) -> Linear:
        """A layer that takes what GELU gave; ``many``: for hundreds of rows."""
        return after_gelu(self._weight((name,)), self._bias((name,)), self._precision, many=many)

    def embedding(self) -> tuple[Tensor, Linear]:
        """The tokens' embedding, and the product with it that gives a logit for every token.

        Where that product has the weights in an order of its own, the table itself is only looked
        up in, and keeps the precision of the checkpoint: half of the memory, and the same numbers.
        """
        name = "decoder.token_embedding.weight"
        table = self.tensor(name)
        product = few_rows(self._evened(table, "decoder.ln"), None, self._precision)
        if self._device.type == "cpu":
            table = self._weights[name].detach().clone()
        return table, product

    def _weight(self, names: tuple[str, ...], after: str | None = None) -> Tensor:
        parts = [self.tensor(f"{name}.weight") for name in names]
        weight = parts[0] if len(parts) == 1 else torch.cat(parts)
        return weight if after is None else self._evened(weight, after)

    def _evened(self, weight: Tensor, norm: str) -> Tensor:
        """Weights for inputs that come from an even layer norm, see ``_unevenness``."""
        # In place, since it is a copy: another one of the vocabulary is the peak of a start.
        return weight.mul_(self._unevenness(norm)) if self._precision.int8 else weight

    def _unevenness(self, norm: str) -> Tensor:
        """By how much a layer norm's outputs are divided, and the next layer's weights multiplied.

        It changes nothing in their product. But a few outputs are far larger than the others, which
        leaves little of int8's range to those. The square root shares that between inputs and
        weights, as in SmoothQuant, with the norm's own size in place of measured inputs: with
        real base weights the vocabulary's share of the error falls to 38 %.
        https://arxiv.org/abs/2211.10438
        """
        weight, bias = self.tensor(f"{norm}.weight"), self.tensor(f"{norm}.bias")
        sizes = torch.hypot(weight, bias).sqrt()
        return (sizes / sizes.mean()).clamp_(min=0.01)

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
