"""Average linkage over a sparse graph of candidate pairs, in rounds of array operations.

Every two groups that are each other's best neighbour are merged at once, which gives the tree of
merging one best pair at a time (reciprocal agglomerative clustering, Sumengen et al. 2021). Only
pairs that reach the threshold are kept: an average never exceeds its largest part, so no other pair
can start a merge. The averages are exact, because a mean of dot products is a dot product of sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annotator.events.signature import Signatures

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Pairs = tuple[Ints, Ints]

CHUNK_PAIRS = 4_096  # 4,096 x 384 float32 is 6 MB, which stays in the processor's cache
DECIMALS = 5  # float32 sums taken in another order differ beyond this


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """When two groups belong together on one level (event or story).

    The likeness of two articles is ``dense_weight`` x cosine of their sentence vectors
    + (1 - ``dense_weight``) x cosine of their words - ``gap_cost`` x squared days between them;
    of two groups it is the mean over all pairs. They are merged when it

    - reaches ``threshold`` + ``crowd_step`` x log10(r / 1000), r being how many groups a group
      could be confused with, because they are within ``span_days`` or one of the two has no date:
      the more rivals, the more of them look alike by chance. r is held between ``crowd_least``
      and ``crowd_most``, the range the step was measured on;
    - is not much looser than the groups are inside: at least ``cohesion_ratio`` x the likeness
      within the looser one, the latter shrunk by (m - 1) / (m - 1 + ``cohesion_prior``) for the
      m members of the smaller;
    - leaves at most ``span_days`` from the first article to the last.

    Pairs are looked for among the ``neighbours`` nearest groups whose mean sentence vectors have a
    cosine of at least ``floor``. An article that is left alone may fall short of the threshold by
    ``attach`` (:mod:`annotator.events.attach`).
    """

    threshold: float
    dense_weight: float
    gap_cost: float
    crowd_step: float
    crowd_least: int
    crowd_most: int
    span_days: float
    cohesion_ratio: float
    cohesion_prior: float
    neighbours: int
    floor: float
    attach: float


class Groups:
    """Sums over the members of each group, enough for exact means over pairs.

    A group that was merged into another keeps its row, which is no longer read.
    """

    def __init__(
        self, signatures: Signatures, start: Ints, level: Level, *, crowd: float | None = None
    ) -> None:
        """``crowd`` is how many rivals each group has, where these are not all there are."""
        n, count = len(start), int(start.max(initial=-1)) + 1
        member = csr_matrix((np.ones(n, np.float32), (start, np.arange(n))), shape=(count, n))
        known = ~np.isnan(signatures.day)
        origin = signatures.day[known].min() if known.any() else 0.0
        day = np.where(known, signatures.day - origin, 0.0)
        self.level = level
        self.size = np.bincount(start, minlength=count).astype(np.float64)
        self.dense: NDArray[np.float32] = member @ signatures.dense
        self.words = csr_matrix(member @ signatures.words)
        self.dated = np.bincount(start, weights=known, minlength=count)
        self.day = np.bincount(start, weights=day, minlength=count)
        self.day_square = np.bincount(start, weights=day**2, minlength=count)
        self.first, self.last = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(self.first, start[known], day[known])
        np.maximum.at(self.last, start[known], day[known])
        own = np.arange(count)
        # A group against itself counts each article with itself: take those n likenesses out.
        itself = level.dense_weight * _row_dots(signatures.dense, np.arange(n)) + (
            1 - level.dense_weight
        ) * _sparse_dots(signatures.words, np.arange(n))
        alone = np.bincount(start, weights=itself, minlength=count)
        rivalled = self._rivals() if crowd is None else np.full(count, crowd)
        self.need = self.size * needed(rivalled, level)
        self.within = (self._total(own, own) - alone) / 2

    def likeness(self, a: Ints, b: Ints) -> Floats:
        """Mean over all pairs between groups ``a[i]`` and ``b[i]``, rounded to ``DECIMALS``."""
        return np.round(self._total(a, b) / (self.size[a] * self.size[b]), DECIMALS)

    def cohesion(self, group: Ints) -> Floats:
        """Mean likeness of the pairs inside a group; 0 for one article."""
        pairs = self.size[group] * (self.size[group] - 1) / 2
        return np.divide(self.within[group], pairs, out=np.zeros(len(group)), where=pairs > 0)

    def allowed(self, a: Ints, b: Ints, score: Floats) -> NDArray[np.bool_]:
        """Whether each pair may become one group, judged by threshold, span and cohesion."""
        level = self.level
        others = np.minimum(self.size[a], self.size[b]) - 1
        shrunk = others / (others + level.cohesion_prior)
        looser = np.minimum(self.cohesion(a), self.cohesion(b))
        fits: NDArray[np.bool_] = (
            (score >= (self.need[a] / self.size[a] + self.need[b] / self.size[b]) / 2)
            & (score >= level.cohesion_ratio * shrunk * looser)
            & self.spans(a, b)
        )
        return fits

    def spans(self, a: Ints, b: Ints) -> NDArray[np.bool_]:
        """Whether each pair leaves at most ``span_days`` from the first article to the last."""
        span = np.maximum(self.last[a], self.last[b]) - np.minimum(self.first[a], self.first[b])
        near: NDArray[np.bool_] = span <= self.level.span_days
        return near

    def merge(self, into: Ints, gone: Ints) -> None:
        """Add each group of ``gone`` to its partner; no group may occur twice."""
        self.within[into] += self.within[gone] + self._total(into, gone)
        for sums in (self.size, self.need, self.dense, self.dated, self.day, self.day_square):
            sums[into] += sums[gone]
        self.first[into] = np.minimum(self.first[into], self.first[gone])
        self.last[into] = np.maximum(self.last[into], self.last[gone])
        count = len(self.size)
        rows = np.concatenate([np.arange(count), into])
        columns = np.concatenate([np.arange(count), gone])
        adder = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (count, count))
        self.words = csr_matrix(adder @ self.words)

    def _total(self, a: Ints, b: Ints) -> Floats:
        level = self.level
        gap_square = (
            self.dated[b] * self.day_square[a]
            + self.dated[a] * self.day_square[b]
            - 2 * self.day[a] * self.day[b]
        )
        total: Floats = (
            level.dense_weight * _row_dots(self.dense, a, b=b)
            + (1 - level.dense_weight) * _sparse_dots(self.words, a, b=b)
            - level.gap_cost * gap_square
        )
        return total

    def _rivals(self) -> Floats:
        dated = self.dated > 0
        unknown = np.full(len(self.size), np.nan)
        return rivals(np.divide(self.day, self.dated, out=unknown, where=dated), self.level)


def rivals(day: Floats, level: Level) -> Floats:
    """How many of the days [n], NaN unknown, each could be confused with, itself included."""
    dated = ~np.isnan(day)
    when, span = np.sort(day[dated]), level.span_days
    near = np.searchsorted(when, day + span, "right") - np.searchsorted(when, day - span)
    return np.where(dated, near + np.count_nonzero(~dated), len(day)).astype(np.float64)


def needed(crowd: Floats, level: Level) -> Floats:
    """The likeness that two groups must reach among so many rivals [n]."""
    held = np.clip(crowd, level.crowd_least, level.crowd_most)
    need: Floats = level.threshold + level.crowd_step * np.log10(held / 1000)
    return need


def link(signatures: Signatures, pairs: Pairs, start: Ints, level: Level) -> Ints:
    """Group label of each article: the index of a starting group in it.

    ``start`` [n] are labels 0 … m - 1 of groups that stay whole; ``pairs`` are candidate pairs of
    these groups, in any order. Equal scores are decided by a fixed scrambling of the labels, so
    that many equal articles do not wait for one another.
    """
    groups = Groups(signatures, start, level)
    home = np.arange(len(groups.size))
    a, b = _distinct(*pairs, len(home))
    score = groups.likeness(a, b)
    while True:
        fits = groups.allowed(a, b, score)
        a, b, score = a[fits], b[fits], score[fits]
        if not len(a):
            return home[start]
        best = _mutual_best(a, b, score, len(home))
        into, gone = a[best], b[best]
        groups.merge(into, gone)
        moved = np.arange(len(home))
        moved[gone] = into
        home = moved[home]
        touched = np.zeros(len(home), dtype=np.bool_)
        touched[into] = True
        a, b = _distinct(moved[a], moved[b], len(home))
        score = groups.likeness(a, b)


def pair_likeness(signatures: Signatures, a: Ints, b: Ints, level: Level) -> Floats:
    """Likeness of articles ``a[i]`` and ``b[i]``, without the costs of time."""
    return level.dense_weight * _row_dots(signatures.dense, a, b=b) + (
        1 - level.dense_weight
    ) * _sparse_dots(signatures.words, a, b=b)


def likeness_to_group(signatures: Signatures, label: Ints, level: Level) -> Floats:
    """Mean likeness of each article to the other members of its group, [n]; 0 when alone.

    Without the costs of time: how well it fits, not when it came.
    """
    n = len(label)
    member = csr_matrix((np.ones(n, np.float32), (label, np.arange(n))))
    dense, words, own = (
        member @ signatures.dense,
        csr_matrix(member @ signatures.words),
        np.arange(n),
    )
    total = level.dense_weight * (
        _row_dots(signatures.dense, own, dense, label) - _row_dots(signatures.dense, own)
    ) + (1 - level.dense_weight) * (
        _sparse_dots(signatures.words, own, words, label) - _sparse_dots(signatures.words, own)
    )
    others = np.bincount(label)[label] - 1.0
    mean: Floats = np.divide(total, others, out=np.zeros(n), where=others > 0)
    return mean


def _mutual_best(a: Ints, b: Ints, score: Floats, count: int) -> NDArray[np.bool_]:
    scramble = (np.minimum(a, b) * 2_654_435_761 + np.maximum(a, b) * 40_503) % 4_294_967_291
    rank = np.empty(len(a), dtype=np.int64)
    rank[np.lexsort((b, a, scramble, -score))] = np.arange(len(a))
    best = np.full(count, len(a))
    np.minimum.at(best, a, rank)
    np.minimum.at(best, b, rank)
    mutual: NDArray[np.bool_] = (best[a] == rank) & (best[b] == rank)
    return mutual


def _distinct(a: Ints, b: Ints, count: int) -> Pairs:
    low, high = np.minimum(a, b), np.maximum(a, b)
    apart = low != high
    key = np.unique(low[apart] * count + high[apart])
    return key // count, key % count


def _row_dots(
    left: NDArray[np.float32],
    a: Ints,
    right: NDArray[np.float32] | None = None,
    b: Ints | None = None,
) -> Floats:
    """left[a[i]] . right[b[i]]; the right side is the left one where it is not given."""
    right, b = left if right is None else right, a if b is None else b
    out = np.empty(len(a))
    for i in range(0, len(a), CHUNK_PAIRS):
        part = slice(i, i + CHUNK_PAIRS)
        out[part] = np.einsum("ij,ij->i", left[a[part]], right[b[part]])
    return out


def _sparse_dots(
    left: csr_matrix, a: Ints, right: csr_matrix | None = None, b: Ints | None = None
) -> Floats:
    """``_row_dots`` for sparse rows."""
    right, b = left if right is None else right, a if b is None else b
    out = np.empty(len(a))
    for i in range(0, len(a), CHUNK_PAIRS):
        part = slice(i, i + CHUNK_PAIRS)
        out[part] = np.asarray(left[a[part]].multiply(right[b[part]]).sum(axis=1)).ravel()
    return out
