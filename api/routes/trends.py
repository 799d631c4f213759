"""Trends: means and shares with their numbers and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from api import schemas
from api.deps import Store
from api.filters import TrendsQuery
from newsroom import intervals
from newsroom.errors import BadRequest
from newsroom.store.reading import runs, trends

router = APIRouter(tags=["trends"])

CELLS_MAX: Final = 20_000  # 50 outlets by day for a year; about 2 MB
KINDS: Final = {"articles": None, "opinion_share": "wilson"}


@router.get("/trends", response_model=schemas.Trend, response_model_exclude_unset=True)
def get_trends(store: Store, query: Annotated[TrendsQuery, Query()]) -> dict[str, Any]:
    """A metric by one or two dimensions, each cell with n and its 95 % interval.

    Without a label of a dimension an article counts under null, so that the cells of
    `metric=articles` add up to the total of `/v1/articles` under the same filters. The share of a
    topic is `metric=articles&by=publisher,topic`, divided by its row.
    """
    by = query.by.split(",")
    with store.transaction() as conn:
        run = runs.shown(conn, query.run)
        where = query.where(runs.id_of(run))
        rows = trends.cells(conn, where, metric=query.metric, by=by, rows=CELLS_MAX + 1)
    if len(rows) > CELLS_MAX:
        raise BadRequest("too-many-cells", f"more than {CELLS_MAX} cells", field="by")
    meta = {
        "metric": query.metric,
        "by": by,
        "run": run,
        "interval": KINDS.get(query.metric, "normal"),
        "n": sum(int(row["n"]) for row in rows),
    }
    return {"data": [_cell(row, query.metric) for row in rows], "next_cursor": None, "meta": meta}


def _cell(row: Mapping[str, Any], metric: str) -> dict[str, Any]:
    low: float | None
    high: float | None
    if row["mean"] is None:
        low, high = None, None
    elif metric == "opinion_share":
        low, high = intervals.of_share(row["mean"], row["n"])
    else:
        low, high = intervals.of_mean(row["mean"], row["sd"], row["n"])
    keys = {name: value for name, value in row.items() if name != "sd"}
    return keys | {"ci_low": low, "ci_high": high}
