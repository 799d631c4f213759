"""What a figure rests on: how many articles, of which days, labelled by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.links import Filters
from dashboard.parts.charts import Source


def source(
    n: int,
    href: str,
    filters: Filters,
    outlets: Sequence[Mapping[str, Any]],
    run: Mapping[str, Any] | None,
    *,
    interval: str | None = None,
    seen_days: tuple[int, int] | None = None,
) -> Source:
    """The source line of a figure over the articles of ``outlets``, labelled in ``run``.

    The days are those of the collection, narrowed by the filters.
    """
    chosen = [o for o in outlets if not filters.publisher or o["publisher_id"] in filters.publisher]
    first = min((at for o in chosen if (at := o["first_at"])), default=None)
    last = max((at for o in chosen if (at := o["last_at"])), default=None)
    if filters.published_from:
        first = max(first or "", filters.published_from.isoformat())
    if filters.published_to and last:
        last = min(last, filters.published_to.isoformat())
    run = run or {}
    return Source(
        n=n,
        href=href,
        first_at=first,
        last_at=last,
        labeller=run.get("labeller"),
        labeller_revision=run.get("labeller_revision"),
        codebook=run.get("codebook_version"),
        run_id=run.get("run_id"),
        interval=interval,
        seen_days=seen_days,
    )
