"""Which keys a query may read, as one interval for each query row.

Causal order, a sliding window, packed sequences and free reads all reduce to an interval of keys
for each row whose two ends never move backwards. So a kernel needs no mask tensor, and the queries
that see a given key are an interval too, which is what the backward pass over keys wants.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Spans(NamedTuple):
    """Row i reads keys [first_key[i], end_key[i]); key j is read by [first_query[j], end_query[j]).

    All int32, lengths Tq, Tq, Tk, Tk. A row with end_key <= first_key reads nothing.
    """

    first_key: Tensor
    end_key: Tensor
    first_query: Tensor
    end_query: Tensor


def spans(
    queries: int,
    keys: int,
    *,
    causal: bool,
    window: int | None,
    cu_seqlens: Tensor | None,
    device: torch.device,
) -> Spans:
    """The intervals for Tq queries aligned bottom-right to Tk keys; reads nothing back to the host.

    `cu_seqlens` [N+1] are cumulative lengths of packed sequences, already checked.
    """
    row = torch.arange(queries, device=device)
    position = row + (keys - queries)
    first = torch.zeros_like(row)
    end = torch.full_like(row, keys)
    if causal:
        end = (position + 1).clamp(0, keys)
    if window is not None:
        first = (position - window + 1).clamp(0, keys)
    if cu_seqlens is not None:
        edges = cu_seqlens.to(device=device, dtype=torch.int64)
        pack = torch.searchsorted(edges[1:], position, right=True)
        first = torch.maximum(first, edges[pack])
        end = torch.minimum(end, edges[pack + 1])
    key = torch.arange(keys, device=device)
    first_query = torch.searchsorted(end, key, right=True)
    end_query = torch.searchsorted(first, key, right=True)
    return Spans(*(t.to(torch.int32) for t in (first, end, first_query, end_query)))


def visible(spans: Spans) -> Tensor:
    """The same as a boolean mask [Tq, Tk], for references and tests."""
    key = torch.arange(len(spans.first_query), device=spans.first_key.device)
    return (key >= spans.first_key[:, None]) & (key < spans.end_key[:, None])
