"""Embeddings of one voice come into one group."""

import itertools
import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest

from alternator.speech.speakers import clustering
from alternator.speech.speakers.clustering import Labels, Vectors, agglomerate, clusters, in_order
from alternator.speech.speakers.limits import Limits

DIMENSIONS = 32


def voices(*sizes: int, spread: float = 0.1, seed: int = 0) -> tuple[Vectors, list[int]]:
    """Vectors around one centre for each size, and whose they are, in a mixed order."""
    chance = np.random.default_rng(seed)
    centres = np.eye(DIMENSIONS)[: len(sizes)]
    whose = [voice for voice, size in enumerate(sizes) for _ in range(size)]
    chance.shuffle(whose)
    vectors = centres[whose] + spread * chance.standard_normal((len(whose), DIMENSIONS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), whose


def limits(similarity: float = 0.5, least: float = 0.0, centres: float = 0.95) -> Limits:
    return Limits(similarity=similarity, centres=centres, fewest=least, enough=least)


def grouped(vectors: Vectors, limits: Limits, count: int | None = None) -> Labels:
    return clusters(vectors, np.ones(len(vectors), np.float32), limits, count)


def ordered(whose: list[int]) -> list[int]:
    return in_order(np.array(whose)).tolist()


@pytest.mark.parametrize("sizes", [(20,), (12, 9), (30, 5, 8), (6, 6, 6, 6, 6)])
def test_each_voice_is_a_group_in_the_order_in_which_it_comes(sizes: tuple[int, ...]) -> None:
    vectors, whose = voices(*sizes)
    assert grouped(vectors, limits(0.5)).tolist() == ordered(whose)


def test_a_number_of_speakers_is_kept_to_whatever_the_voices_are_like() -> None:
    vectors, whose = voices(10, 10, 10)
    for count in (1, 2, 3, 4, 7):
        assert len(set(grouped(vectors, limits(0.5), count))) == count
    assert grouped(vectors, limits(0.99), 3).tolist() == ordered(whose)
    assert grouped(vectors[:2], limits(0.5), 9).tolist() == [0, 1]


def test_a_voice_of_which_there_is_too_little_goes_to_the_nearest() -> None:
    vectors, whose = voices(10, 10, 1)
    found = grouped(vectors, limits(0.5, 2.0))
    assert len(set(found.tolist())) == 2
    kept = [at for at, voice in enumerate(whose) if voice < 2]
    assert in_order(found[kept]).tolist() == ordered([whose[at] for at in kept])


def test_strays_take_no_place_of_those_asked_for() -> None:
    vectors, whose = voices(15, 15, 1, 1)
    found = grouped(vectors, limits(0.5, 3.0), 2)
    kept = [at for at, voice in enumerate(whose) if voice < 2]
    assert in_order(found[kept]).tolist() == ordered([whose[at] for at in kept])
    assert len(set(found.tolist())) == 2


def test_where_all_is_too_little_there_is_one() -> None:
    vectors, _ = voices(2, 2)
    found = grouped(vectors, limits(0.5, 100.0))
    assert found.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_and_one(n: int) -> None:
    vectors, _ = voices(3)
    assert grouped(vectors[:n], limits(0.5)).tolist() == [0] * n


def test_silent_embeddings_are_no_trouble() -> None:
    zeros = np.zeros((5, DIMENSIONS), np.float32)
    assert len(grouped(zeros, limits(0.5), 2)) == 5
    assert len(grouped(zeros, limits(0.5))) == 5


def plainly(vectors: Vectors, groups: int) -> list[frozenset[int]]:
    """Average linkage as its definition has it: always the two groups that are nearest."""
    similarity: npt.NDArray[np.float64] = vectors.astype(np.float64) @ vectors.T
    found = [[at] for at in range(len(vectors))]
    while len(found) > groups:
        one, other = max(
            itertools.combinations(range(len(found)), 2),
            key=lambda pair: float(similarity[np.ix_(found[pair[0]], found[pair[1]])].mean()),
        )
        found[one] += found.pop(other)
    return sorted(map(frozenset, found), key=min)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("groups", [2, 3, 7])
def test_the_chains_make_the_tree_that_the_definition_makes(seed: int, groups: int) -> None:
    vectors, _ = voices(9, 7, 8, spread=0.6, seed=seed)
    found = grouped(vectors, limits(0.0), groups)
    members = [frozenset(np.flatnonzero(found == group).tolist()) for group in range(groups)]
    assert sorted(members, key=min) == plainly(vectors, groups)


def test_similarities_are_means_over_all_pairs() -> None:
    vectors, _ = voices(6, spread=0.4)
    merges = agglomerate(vectors, np.ones(6, np.float32))
    last = min(merges, key=lambda merge: merge.similarity)
    pairs = plainly(vectors, 2)
    exact = np.mean([vectors[a] @ vectors[b] for a in pairs[0] for b in pairs[1]])
    assert last.similarity == pytest.approx(float(exact), abs=1e-5)


def test_hours_of_speech_are_put_together_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, whose = voices(300, 200, 100, spread=0.12)
    monkeypatch.setattr(clustering, "AT_ONCE", 128)
    monkeypatch.setattr(clustering, "FEWER", 16)
    assert grouped(vectors, limits(0.5)).tolist() == ordered(whose)
    assert grouped(vectors, limits(0.99), 3).tolist() == ordered(whose)


def test_no_table_of_all_pairs_is_made() -> None:
    vectors, whose = voices(2000, 1500, spread=0.1)
    tracemalloc.start()
    try:
        found = grouped(vectors, limits(0.5))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.tolist() == ordered(whose)
    assert peak < len(vectors) ** 2  # bytes: a quarter of such a table
