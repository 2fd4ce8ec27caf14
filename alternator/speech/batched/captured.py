"""A function over tensors that stay in place, recorded once on a GPU and replayed from then on.

A step of the decoder is hundreds of small operations, and on a GPU starting them takes longer than
what they do. A CUDA graph (on AMD's a HIP graph) starts them all at once.
https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs

Recording executes nothing. So the first call for a key is a plain one, which also has the libraries
allocate what they need; the second is recorded and replayed; all later ones are replayed. Each call
does its work exactly once.

This was written without a GPU at hand: how calls follow each other is tested with a recorder that
needs none.
"""

from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

import torch

Key = TypeVar("Key", bound=Hashable)
Replay = Callable[[], object]


class Recorder(Protocol):
    """Records what a function does on a device."""

    def record(self, function: Callable[[], None]) -> Replay:
        """Have ``function`` recorded, not executed. RuntimeError if it can't be."""


class CudaRecorder:
    """CUDA graphs of one pool of memory: what one leaves there must be read before another runs."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._pool = torch.cuda.graph_pool_handle()

    def record(self, function: Callable[[], None]) -> Replay:
        """One graph. Other threads may go on allocating meanwhile."""
        graph = torch.cuda.CUDAGraph()
        with (
            torch.cuda.device(self._device),
            torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"),
        ):
            function()
        replay: Replay = graph.replay
        return replay


class Captured(Generic[Key]):
    """``function(key)``, for a small set of keys such as numbers of windows.

    The function works on tensors that were allocated before it and stay where they are; it returns
    nothing, asks the device nothing, and what it does besides has no effect when it is replayed.
    ``say`` is told once why calls stay plain, where recording fails.
    """

    def __init__(
        self,
        function: Callable[[Key], None],
        recorder: Recorder | None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._function = function
        self._recorder = recorder
        self._say = say
        self._called: set[Key] = set()
        self._recorded: dict[Key, Replay] = {}

    def __call__(self, key: Key) -> None:
        """Have the function's work for that key done, on a GPU in the current stream."""
        replay = self._recorded.get(key)
        if replay is None and self._recorder is not None and key in self._called:
            replay = self._record(key, self._recorder)
        if replay is None:
            self._function(key)
            self._called.add(key)
        else:
            replay()

    def _record(self, key: Key, recorder: Recorder) -> Replay | None:
        try:
            self._recorded[key] = recorder.record(lambda: self._function(key))
        except RuntimeError as error:
            # An operation that can't be recorded, or no memory for it: slower, and still right.
            self._recorder = None
            reason = str(error).partition("\n")[0]
            self._say(f"steps can't be recorded as a graph, and are slower without: {reason}")
        return self._recorded.get(key)


def recorder_for(device: torch.device) -> Recorder | None:
    """What records on that device; None where calls stay plain: the CPU, and Apple's GPUs."""
    return CudaRecorder(device) if device.type == "cuda" else None


def graph_sizes(most: int) -> tuple[int, ...]:
    """Numbers of windows to record steps for, up to ``most``: each at most half as much again.

    A step of a few windows more costs little; each recording costs memory and a moment.
    """
    sizes = [1]
    while sizes[-1] < most:
        sizes.append(min(most, max(sizes[-1] + 1, sizes[-1] * 3 // 2)))
    return tuple(sizes)


def graph_size(windows: int, most: int) -> int:
    """The smallest of those numbers that holds ``windows``."""
    return next(size for size in graph_sizes(most) if size >= windows)
