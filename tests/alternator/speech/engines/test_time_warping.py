"""The path through a matrix is openai-whisper's own, step by step."""

import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")
pytest.importorskip("numba", reason="it compiles openai-whisper's own loop, to compare with")

from alternator.speech.engines.time_warping import cheapest_path
from alternator.speech.engines.whisper_package import timing

Warp = Callable[[NDArray[np.float64]], NDArray[np.int64]]


@pytest.fixture(scope="module")
def theirs() -> Warp:
    """dtw_cpu of whisper/timing.py as numba compiles it, from a second copy of the module."""
    spec = importlib.util.spec_from_file_location("whisper._with_numba", timing.__file__)
    assert spec is not None and spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks there
    spec.loader.exec_module(module)
    assert module.numba.__file__ is not None
    compiled: Warp = module.dtw_cpu
    return compiled


def equal(first: NDArray[np.int64], second: NDArray[np.int64]) -> bool:
    return first.dtype == second.dtype and np.array_equal(first, second)


@pytest.mark.parametrize("seed", range(100))
def test_random_matrices(theirs: Warp, seed: int) -> None:
    generator = np.random.default_rng(seed)
    costs = generator.normal(size=generator.integers(1, 90, 2) * (1, 4))
    assert equal(cheapest_path(costs), theirs(costs))
    # As find_alignment hands them over: halves and singles, whose sums often tie.
    for narrow in (np.float16, np.float32):
        rounded = costs.astype(narrow).astype(np.float64)
        assert equal(cheapest_path(rounded), theirs(rounded))


@pytest.mark.parametrize("seed", range(100))
def test_ties(theirs: Warp, seed: int) -> None:
    generator = np.random.default_rng(seed)
    costs = generator.integers(-2, 3, generator.integers(1, 60, 2)) / 10
    assert equal(cheapest_path(costs), theirs(costs))
    assert equal(cheapest_path(np.zeros_like(costs)), theirs(np.zeros_like(costs)))


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (3, 0), (0, 3), (448, 1500)])
def test_shapes(theirs: Warp, shape: tuple[int, int]) -> None:
    costs = np.random.default_rng(0).normal(size=shape)
    assert equal(cheapest_path(costs), theirs(costs))


def test_what_is_no_number(theirs: Warp) -> None:
    costs = np.random.default_rng(0).normal(size=(20, 40))
    costs[3, 5], costs[10, 11], costs[12, 30], costs[19, 39] = np.nan, np.inf, -np.inf, np.nan
    assert equal(cheapest_path(costs), theirs(costs))


def test_a_matrix_that_is_a_view(theirs: Warp) -> None:
    costs = np.random.default_rng(0).normal(size=(40, 30)).T[::-1]
    assert equal(cheapest_path(costs), theirs(np.ascontiguousarray(costs)))
