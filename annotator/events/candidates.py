"""Which groups are worth comparing: nearest neighbours inside a time window, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

BLOCK_CELLS = 8_000_000  # cosines held at once: 32 MB


def nearest_pairs(
    vectors: NDArray[np.float32],
    day: Floats,
    *,
    window_days: float,
    floor: float,
    neighbours: int,
) -> tuple[Ints, Ints]:
    """Pairs (i, j) where j is among the ``neighbours`` nearest of i with cosine >= ``floor``.

    ``vectors`` [n, d] are unit rows, ``day`` [n] is NaN where unknown; an undated row is compared
    with all, two dated ones only within ``window_days``. Exact: no index that could miss a pair.
    """
    order = np.argsort(day, kind="stable")  # NaN sorts last
    rows, when = np.ascontiguousarray(vectors[order]), day[order]
    found = [
        _nearest(rows, when, block, columns, window_days, floor, neighbours)
        for block, columns in _blocks(when, window_days)
    ]
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return (
        order[np.concatenate([a for a, _ in found])],
        order[np.concatenate([b for _, b in found])],
    )


def _blocks(when: Floats, window_days: float) -> Iterator[tuple[slice, Ints]]:
    """Row blocks with the columns they can reach; small blocks where many columns are in reach."""
    dated, n = int(np.count_nonzero(~np.isnan(when))), len(when)
    undated = np.arange(dated, n)
    start = 0
    while start < n:
        if start < dated:
            low = int(np.searchsorted(when[:dated], when[start] - window_days))
            high = int(np.searchsorted(when[:dated], when[start] + window_days, side="right"))
            stop = min(start + max(1, BLOCK_CELLS // (high - low + len(undated))), high, dated)
            high = int(np.searchsorted(when[:dated], when[stop - 1] + window_days, side="right"))
            yield slice(start, stop), np.concatenate([np.arange(low, high), undated])
        else:
            stop = min(start + max(1, BLOCK_CELLS // n), n)
            yield slice(start, stop), np.arange(n)
        start = stop


def _nearest(
    rows: NDArray[np.float32],
    when: Floats,
    block: slice,
    columns: Ints,
    window_days: float,
    floor: float,
    neighbours: int,
) -> tuple[Ints, Ints]:
    cosine = rows[block] @ rows[columns].T
    if not np.isnan(when[block.start]):
        # NaN compares false, so a pair with an unknown date stays.
        cosine[np.abs(when[block, None] - when[columns]) > window_days] = -np.inf
    cosine[np.arange(block.start, block.stop)[:, None] == columns] = -np.inf
    first = max(0, len(columns) - neighbours)
    kept = np.argpartition(cosine, min(first, len(columns) - 1), axis=1)[:, first:]
    near = np.take_along_axis(cosine, kept, axis=1) >= floor
    row = np.broadcast_to(np.arange(block.start, block.stop)[:, None], kept.shape)
    return row[near], columns[kept[near]]
