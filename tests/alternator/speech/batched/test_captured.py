"""How plain calls, recording and replay follow each other: every call does its work once."""

from collections.abc import Callable

import pytest
import torch

from alternator.speech.batched.captured import (
    Captured,
    Replay,
    graph_size,
    graph_sizes,
    recorder_for,
)


class Notebook:
    """Records as a graph does: the tensors' places, not their values; nothing is done meanwhile."""

    def __init__(self, *, able: int = 99) -> None:
        self.able = able
        self.recorded = 0

    def record(self, function: Callable[[], None]) -> Replay:
        if self.recorded >= self.able:
            raise RuntimeError("operation not permitted when stream is capturing\nmore of it")
        self.recorded += 1
        return function


def counting(recorder: Notebook | None, said: list[str]) -> tuple[Captured[int], torch.Tensor]:
    numbers = torch.zeros(8)

    def step(n: int) -> None:
        numbers[:n] += 1

    return Captured(step, recorder, said.append), numbers


@pytest.mark.parametrize("recorder", [None, Notebook(), Notebook(able=0), Notebook(able=1)])
def test_every_call_does_its_work_once(recorder):
    captured, numbers = counting(recorder, [])
    for n in (8, 8, 4, 8, 4, 4, 2, 8):
        captured(n)
    assert numbers.tolist() == [8, 8, 7, 7, 4, 4, 4, 4]


def test_each_key_is_recorded_at_its_second_call():
    recorder = Notebook()
    captured, _ = counting(recorder, [])
    recorded = []
    for n in (8, 8, 4, 8, 4, 2):
        captured(n)
        recorded.append(recorder.recorded)
    assert recorded == [0, 1, 1, 1, 2, 2]


def test_why_calls_stay_plain_is_said_once():
    said: list[str] = []
    captured, _ = counting(Notebook(able=0), said)
    for n in (8, 8, 8, 4, 4):
        captured(n)
    assert said == [
        "steps can't be recorded as a graph, and are slower without: "
        "operation not permitted when stream is capturing"
    ]


def test_nothing_is_recorded_without_a_gpu():
    assert recorder_for(torch.device("cpu")) is None


@pytest.mark.parametrize("most", [1, 2, 5, 8, 64, 100])
def test_a_few_sizes_hold_any_number_of_windows(most):
    sizes = graph_sizes(most)
    assert (sizes[0], sizes[-1]) == (1, most)
    assert len(sizes) <= 13
    for windows in range(1, most + 1):
        assert windows <= graph_size(windows, most) <= max(windows + 1, windows * 3 // 2)
