"""What the proof's operations compute on. torch is handed in: nothing here imports it."""

from typing import Any


class Operands:
    """Tensors of one device for an operation: the same numbers on every device.

    ``half``: whether floats are float16, as on a GPU. What stays float32 there asks for ``full``.
    """

    def __init__(self, torch: Any, device: str, *, half: bool) -> None:
        self.torch = torch
        self.device = device
        self._half = half
        self._generator = torch.Generator().manual_seed(7)

    def full(self, *shape: int) -> Any:
        """Normally distributed float32."""
        return self.torch.randn(*shape, generator=self._generator).to(self.device)

    def floats(self, *shape: int) -> Any:
        """The same in the engine's precision."""
        made = self.full(*shape)
        return made.half() if self._half else made

    def whole(self, *values: int) -> Any:
        """Those int64 values."""
        return self.torch.tensor(values, device=self.device)
