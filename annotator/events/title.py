"""The title of an event: a headline that one of its articles really carried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annotator.events.signature import Item


def central_title(members: Sequence[Item]) -> tuple[str, str] | None:
    """Headline and article id of the member nearest to the mean vector of all members.

    Members without a headline count for the mean but cannot give a title; None when no member
    has one. Equal nearness is decided by the smaller id.
    """
    if not members:
        return None
    mean = np.mean([item.vector for item in members], axis=0, dtype=np.float64)
    # Rounded, so that the summation order of a shuffled event cannot decide between near equals.
    titled = [
        (-round(float(item.vector @ mean), 6), item.id, " ".join(item.title.split()))
        for item in members
        if item.title.strip()
    ]
    if not titled:
        return None
    _, article_id, title = min(titled)
    return title, article_id
