"""Which embeddings are of one voice: agglomerative clustering with average linkage.

How near two groups are is the mean cosine similarity of their members: for embeddings of length 1
the product of the groups' mean vectors. So a group is kept as the sum of its members and their
number, and no table of all pairs is needed: memory grows with the number of embeddings alone.
https://arxiv.org/abs/1109.2378 (D. Müllner: average linkage by chains of nearest neighbours)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

# More embeddings than this (an hour or so of speech) are put together block by block first, each
# block to at most FEWER groups: the time for all at once would grow with the square.
AT_ONCE, FEWER = 4096, 256


@dataclass(frozen=True, kw_only=True)
class Merge:
    """Two groups became one, of this mean similarity; each by the number of one of its members."""

    one: int
    other: int
    similarity: float


def clusters(
    vectors: Vectors,
    *,
    least_similarity: float,
    count: int | None = None,
    weights: npt.NDArray[np.float32] | None = None,
    least_weight: float = 0.0,
) -> Labels:
    """The group of each vector, from 0 in the order in which they first come.

    ``vectors``: shape (n, dimensions), of length 1. Groups that are as similar as
    ``least_similarity`` are one; with ``count`` there are so many instead, if there are as many
    vectors. A group whose ``weights`` (of each vector; None: 1) come to less than ``least_weight``
    is none of its own: it goes to the group that is nearest to it.
    """
    n = len(vectors)
    if not n:
        return np.zeros(0, dtype=np.int64)
    weights = np.ones(n, dtype=np.float32) if weights is None else weights
    start = reduced(vectors) if n > AT_ONCE else np.arange(n)
    sums, sizes = totals(vectors, start, np.ones(n, dtype=np.float32))
    merges = sorted(agglomerate(sums, sizes), key=lambda merge: -merge.similarity)
    group_weights = np.bincount(start, weights=weights).astype(np.float64)
    if count is None:
        kept = sum(merge.similarity >= least_similarity for merge in merges)
    else:
        kept = merges_for(merges, group_weights, min(count, len(sums)), least_weight)
    labels = joined(len(sums), merges[:kept])[start]
    return in_order(without_small(vectors, labels, weights, least_weight, count))


def agglomerate(sums: Vectors, sizes: npt.NDArray[np.float32]) -> list[Merge]:
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


# Groups of strays that may be beside those asked for, before a number of groups is taken as it is.
MOST_STRAYS = 8


def without_small(
    vectors: Vectors,
    labels: Labels,
    weights: npt.NDArray[np.float32],
    least: float,
    count: int | None,
) -> Labels:
    """With the members of groups that weigh too little in the groups that are nearest to them."""
    names, labels = np.unique(labels, return_inverse=True)
    of_groups = np.bincount(labels, weights=weights, minlength=len(names))
    order = np.argsort(-of_groups, kind="stable")
    big = order[of_groups[order] >= least]
    if count is not None:
        big = order[: max(count, 1)] if len(big) < count else big[:count]
    if not len(big):
        big = order[:1]
    if len(big) == len(names):
        return labels
    sums, _sizes = totals(vectors, labels, np.ones(len(vectors), dtype=np.float32))
    centres = sums / np.linalg.norm(sums, axis=1, keepdims=True).clip(1e-12)
    target = np.arange(len(names))
    for small in np.setdiff1d(target, big):
        target[small] = big[int((centres[big] @ centres[small]).argmax())]
    return target[labels]


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


def totals(
    vectors: Vectors, labels: Labels, sizes: npt.NDArray[np.float32]
) -> tuple[Vectors, npt.NDArray[np.float32]]:
    """The sum of each group's vectors, and the sum of their sizes."""
    groups = int(labels.max()) + 1
    sums = np.zeros((groups, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels, vectors)
    return sums, np.bincount(labels, weights=sizes, minlength=groups).astype(np.float32)


def in_order(labels: Labels) -> Labels:
    """Groups numbered from 0 in the order in which they first come."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    ranks = np.empty(len(first), dtype=np.int64)
    ranks[np.argsort(first)] = np.arange(len(first))
    return ranks[inverse]
