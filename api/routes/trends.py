"""Trends: means and shares with their numbers and intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from api import schemas, then
from api.deps import Store
from api.filters import TrendsQuery
from api.scales import SHARES, bounds_of, of_sentences, within
from newsroom import intervals, weights
from newsroom.db import Conn
from newsroom.errors import BadRequest
from newsroom.intervals import Interval
from newsroom.store.reading import runs, trend_sums, trends
from newsroom.store.reading.where import Where

router = APIRouter(tags=["trends"])

CELLS_MAX: Final = 20_000  # 50 outlets by day for a year; about 2 MB
DIGITS: Final = 9
SUMS: Final = ("w", "ww", "wx", "wwx", "wwxx")

Row = Mapping[str, Any]


@router.get("/trends", response_model=schemas.Trend)
def get_trends(store: Store, query: Annotated[TrendsQuery, Query()]) -> Response:
    """A metric by one or two dimensions, each cell with n and its 95 % interval.

    Without a label of a dimension an article counts under null, so that the cells of
    `metric=articles` add up to the total of `/v1/articles` under the same filters. The share of a
    topic is `metric=articles&by=publisher,topic`, divided by its row.

    `weights=article` gives every article the same weight. `weights=outlet` gives every outlet the
    same: the mean of the outlets' means, with the interval of a stratified mean. With
    `weights=prominence` an article weighs 1 / log2(1 + its best rank on its outlet's front page);
    those that never had a rank have no weight, and n says how many have one. A count weighs its
    articles so too: `weight` is the sum, and the share of a topic its weight by that of its row.
    """
    by = query.by.split(",")
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        version = then.version(conn, query.as_of)
        where = query.where(runs.id_of(run), version)
        rows = _rows(conn, where, by, query)
    if len(rows) > CELLS_MAX:
        raise BadRequest("too-many-cells", f"more than {CELLS_MAX} cells", field="by")
    cells = _cells(rows, by, query)
    meta = {
        "metric": query.metric,
        "by": by,
        "weights": query.weights,
        "run": run,
        "as_of": then.meta(query.as_of, version),
        "interval": _interval(query),
        "n": sum(int(cell["n"]) for cell in cells),
    }
    trend = schemas.Trend.model_validate({"data": cells, "next_cursor": None, "meta": meta})
    # By hand: thousands of cells would be walked through twice more on the way out.
    body = trend.model_dump_json(exclude_unset=True)
    return Response(body, media_type="application/json")


def _rows(conn: Conn, where: Where, by: Sequence[str], query: TrendsQuery) -> list[dict[str, Any]]:
    """Out of the sums that are kept, if they answer; else counted."""
    asked: dict[str, Any] = {"metric": query.metric, "by": by, "rows": CELLS_MAX + 1}
    if query.weights != "prominence":
        by_outlet = query.weights == "outlet"
        if kept := trend_sums.cells(conn, where, **asked, strata_by_outlet=by_outlet):
            return kept
    return trends.cells(conn, where, **asked, weights=query.weights)


def _interval(query: TrendsQuery) -> str | None:
    if query.metric == "articles":
        return None
    return "wilson" if query.metric in SHARES and query.weights == "article" else "normal"


def _cells(rows: Sequence[Row], by: Sequence[str], query: TrendsQuery) -> list[dict[str, Any]]:
    if query.weights == "article":
        return [_equal_articles(row, by, query.metric) for row in rows]
    bounds = bounds_of(query.metric)
    if query.weights == "prominence":
        return [_by_prominence(row, by, query.metric, bounds) for row in rows]
    strata = groupby(rows, key=lambda row: [row[name] for name in by])
    return [_equal_outlets(list(outlets), by, bounds) for _, outlets in strata]


def _equal_articles(row: Row, by: Iterable[str], metric: str) -> dict[str, Any]:
    interval: Interval
    if row["mean"] is None:
        interval = None, None
    elif metric in SHARES:
        interval = intervals.of_share(row["mean"], row["n"])
    else:
        interval = intervals.of_mean(row["mean"], row["sd"], row["n"])
        if of_sentences(metric):
            interval = within(interval, bounds_of(metric))
    return _cell(row, by, row["n"], row["mean"], interval)


def _equal_outlets(
    rows: Sequence[Row], by: Iterable[str], bounds: tuple[float, float]
) -> dict[str, Any]:
    strata = [weights.Stratum(n=r["n"], mean=r["mean"], sd=r["sd"]) for r in rows]
    mean, interval = weights.of_outlets(strata)
    n = sum(stratum.n for stratum in strata)
    return _cell(rows[0], by, n, mean, within(interval, bounds)) | {"outlets": len(strata)}


def _by_prominence(
    row: Row, by: Iterable[str], metric: str, bounds: tuple[float, float]
) -> dict[str, Any]:
    n = row["weighted"]
    sums = weights.Sums(n=n, **{name: row[name] or 0.0 for name in SUMS})
    mean, interval, effective = weights.of_sums(sums)
    if metric == "articles":
        mean, interval = None, (None, None)
    return _cell(row, by, n, mean, within(interval, bounds)) | {
        "n_unweighted": row["n"] - n,
        "n_effective": effective,
        "weight": round(sums.w, DIGITS),
    }


def _cell(
    row: Row, by: Iterable[str], n: int, mean: float | None, interval: Interval
) -> dict[str, Any]:
    low, high = interval
    measured = {"mean": mean, "ci_low": low, "ci_high": high}
    # A sum of floats depends on the order of its rows: the last digits are no figure of ours.
    rounded = {k: None if v is None else round(v, DIGITS) for k, v in measured.items()}
    return {name: row[name] for name in by} | {"n": n} | rounded
