"""Work side by side on a GPU; on other devices everything is done when a call returns.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-streams
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

# torch's own classes of streams and events are not annotated.
_cuda: Any = torch.cuda


class Moment:
    """The end of all that was started so far in the current stream."""

    def __init__(self, device: torch.device) -> None:
        self._event = _cuda.Event() if device.type == "cuda" else None
        if self._event is not None:
            self._event.record()

    @property
    def is_past(self) -> bool:
        """Whether nobody has to wait for it."""
        return self._event is None or bool(self._event.query())

    def wait(self) -> None:
        """The host waits for it."""
        if self._event is not None:
            self._event.synchronize()

    def comes_first(self) -> None:
        """What is started from now on in the current stream waits for it; the host goes on."""
        if self._event is not None:
            _cuda.current_stream().wait_event(self._event)


class Side:
    """A stream beside the main one."""

    def __init__(self, device: torch.device) -> None:
        self._stream = _cuda.Stream(device) if device.type == "cuda" else None

    @contextlib.contextmanager
    def after(self, moment: Moment) -> Iterator[None]:
        """What is started within runs beside the main stream, after a moment of it."""
        if self._stream is None:
            yield
            return
        with _cuda.stream(self._stream):
            moment.comes_first()
            yield

    def lend(self, *tensors: Tensor) -> None:
        """Tensors of the one stream are used by the other: their memory serves nobody else before
        both are past them."""
        if self._stream is None:
            return
        for tensor in tensors:
            if tensor.is_cuda:
                tensor.record_stream(self._stream)
                tensor.record_stream(_cuda.current_stream())
