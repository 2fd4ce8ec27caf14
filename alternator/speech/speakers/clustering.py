"""Which embeddings are of one voice: clustering with average linkage, then by the centres.

How near two groups are is the mean cosine similarity of their members: for embeddings of length 1
the product of the groups' mean vectors. So a group is kept as the sum of its members and their
number, and no table of all pairs is needed: memory grows with the number of embeddings alone.
https://arxiv.org/abs/1109.2378 (D. Müllner: average linkage by chains of nearest neighbours)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alternator.speech.speakers.limits import FITTED, Limits

Vectors = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Seconds = npt.NDArray[np.float32]

# More embeddings than this (an hour or so of speech) are put together block by block first, each
# block to at most FEWER groups: the time for all at once would grow with the square.
AT_ONCE, FEWER = 4096, 256
# Groups of strays that may be beside those asked for, before a number of groups is taken as it is.
MOST_STRAYS = 8


@dataclass(frozen=True, kw_only=True)
class Merge:
    """Two groups became one, of this mean similarity; each by the number of one of its members."""

    one: int
    other: int
    similarity: float


def clusters(
    vectors: Vectors, seconds: Seconds, limits: Limits = FITTED, count: int | None = None
) -> Labels:
    """The speaker of each vector, from 0 in the order in which they first come.

    ``vectors``: shape (n, dimensions), of length 1; ``seconds`` of speech that each stands for.
    ``count``: so many speakers, if there are as many vectors; None: as many as ``limits`` tell.
    """
    n = len(vectors)
    if not n:
        return np.zeros(0, dtype=np.int64)
    least = limits.least(float(seconds.sum()))
    start = reduced(vectors) if n > AT_ONCE else np.arange(n)
    sums, sizes = totals(vectors, start)
    merges = sorted(agglomerate(sums, sizes), key=lambda merge: -merge.similarity)
    if count is None:
        kept = sum(merge.similarity >= limits.similarity for merge in merges)
    else:
        of_groups = np.bincount(start, weights=seconds).astype(np.float64)
        kept = merges_for(merges, of_groups, min(count, len(sums)), least)
    labels = joined(len(sums), merges[:kept])[start]
    if count is not None:
        return in_order(largest(vectors, labels, seconds, count))
    labels = without_small(vectors, labels, seconds, least)
    return in_order(of_one_centre(vectors, labels, limits.centres))


def agglomerate(sums: Vectors, sizes: Seconds) -> list[Merge]:
    """All merges of groups until one is left; not in the order of their similarity.

    A chain goes from a group to its nearest neighbour, to that one's, and so on, until two are each
    other's nearest: those are merged. With average linkage the tree is that of merging the nearest
    two of all at each step.
    """
    sums, sizes = sums.copy(), sizes.copy()
    means = sums / sizes[:, None]
    alive = np.ones(len(sums), dtype=bool)
    merges: list[Merge] = []
    chain: list[int] = []
    while len(merges) < len(sums) - 1:
        if not chain:
            chain.append(int(alive.argmax()))
        here = chain[-1]
        near = means @ means[here]
        near[~alive] = -np.inf
        near[here] = -np.inf
        nearest = int(near.argmax())
        if len(chain) > 1 and near[chain[-2]] >= near[nearest]:
            nearest = chain[-2]
        if len(chain) < 2 or nearest != chain[-2]:
            chain.append(nearest)
            continue
        merges.append(Merge(one=nearest, other=here, similarity=float(near[nearest])))
        del chain[-2:]
        sums[nearest] += sums[here]
        sizes[nearest] += sizes[here]
        means[nearest] = sums[nearest] / sizes[nearest]
        alive[here] = False
    return merges


def joined(n: int, merges: Sequence[Merge]) -> Labels:
    """The group of each of ``n`` after these merges, by one of its members."""
    parent = list(range(n))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    for merge in merges:
        parent[root(merge.other)] = root(merge.one)
    return np.array([root(node) for node in range(n)], dtype=np.int64)


def merges_for(
    merges: Sequence[Merge], weights: npt.NDArray[np.float64], count: int, least: float
) -> int:
    """How many merges leave ``count`` groups that weigh enough, or simply ``count`` groups."""
    n = len(weights)
    for kept in range(n - count, -1, -1):
        of_groups = np.bincount(joined(n, merges[:kept]), weights=weights, minlength=n)
        if (of_groups >= max(least, 1e-9)).sum() >= count:
            return kept
        if n - kept > MOST_STRAYS * count + MOST_STRAYS:
            break
    return n - count


def without_small(vectors: Vectors, labels: Labels, seconds: Seconds, least: float) -> Labels:
    """With each group that has too little joined to its nearest, the smallest first.

    To whichever is nearest, large or small: strays of one voice may be enough together.
    """
    while True:
        names, labels = np.unique(labels, return_inverse=True)
        of_groups = np.bincount(labels, weights=seconds, minlength=len(names))
        small = int(of_groups.argmin())
        if len(names) < 2 or of_groups[small] >= least:
            return labels
        centres = centres_of(vectors, labels)
        near = centres @ centres[small]
        near[small] = -np.inf
        labels[labels == small] = int(near.argmax())


def largest(vectors: Vectors, labels: Labels, seconds: Seconds, count: int) -> Labels:
    """With ``count`` groups, those that have most; the others go to the nearest of them."""
    names, labels = np.unique(labels, return_inverse=True)
    of_groups = np.bincount(labels, weights=seconds, minlength=len(names))
    order = np.argsort(-of_groups, kind="stable")
    big, small = order[:count], order[count:]
    centres = centres_of(vectors, labels)
    target = np.arange(len(names))
    for group in small:
        target[group] = big[int((centres[big] @ centres[group]).argmax())]
    return target[labels]


def of_one_centre(vectors: Vectors, labels: Labels, similarity: float) -> Labels:
    """With groups joined, the nearest first, whose centres are as similar as that.

    Single windows of one voice differ, as its moods do; their mean hardly does.
    """
    while True:
        names, labels = np.unique(labels, return_inverse=True)
        centres = centres_of(vectors, labels)
        near = centres @ centres.T
        np.fill_diagonal(near, -1.0)
        one, other = np.unravel_index(int(near.argmax()), near.shape)
        if len(names) < 2 or near[one, other] < similarity:
            return labels
        labels[labels == other] = one


def reduced(vectors: Vectors) -> Labels:
    """Blocks of vectors put into at most FEWER groups each: the number of each vector's group."""
    labels = np.empty(len(vectors), dtype=np.int64)
    groups = 0
    for first in range(0, len(vectors), AT_ONCE // 2):
        block = vectors[first : first + AT_ONCE // 2]
        merges = agglomerate(block, np.ones(len(block), dtype=np.float32))
        merges.sort(key=lambda merge: -merge.similarity)
        found = joined(len(block), merges[: max(0, len(block) - FEWER)])
        names, found = np.unique(found, return_inverse=True)
        labels[first : first + len(block)] = found + groups
        groups += len(names)
    return labels


def totals(vectors: Vectors, labels: Labels) -> tuple[Vectors, Seconds]:
    """The sum of each group's vectors, and their number."""
    groups = int(labels.max()) + 1
    sums = np.zeros((groups, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels, vectors)
    return sums, np.bincount(labels, minlength=groups).astype(np.float32)


def centres_of(vectors: Vectors, labels: Labels) -> Vectors:
    """The mean of each group's vectors, of length 1."""
    sums, _ = totals(vectors, labels)
    centres: Vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True).clip(1e-12)
    return centres


def in_order(labels: Labels) -> Labels:
    """Groups numbered from 0 in the order in which they first come."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    ranks = np.empty(len(first), dtype=np.int64)
    ranks[np.argsort(first)] = np.arange(len(first))
    return ranks[inverse]
