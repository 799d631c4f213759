"""Trends out of sums by outlet and day, week or month: in a blink what takes seconds to count.

:mod:`newsroom.store.trend_sums` keeps the sums up. A day of which anything changed since is marked
in the transaction that changed it, and is counted anew here, so that an answer is always that of
:mod:`newsroom.store.reading.trends`, however long ago the sums were made. Questions that sums
cannot answer, such as those of scores, words or an earlier time, are left to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Final

from psycopg.rows import DictRow
from psycopg.sql import SQL, Composable, Identifier

from newsroom.db import Conn
from newsroom.store.reading import trends
from newsroom.store.reading.where import Where

STRATA: Final = SQL("""
SELECT (a.sort_at AT TIME ZONE 'UTC')::date AS day, a.publisher_id, {label} AS label,
       count(*)::integer AS n, count({value})::integer AS k, sum({value}) AS s,
       sum({value} * {value}) AS q
  FROM articles a {joins}
 WHERE a.superseded_at IS NULL AND {where}
 GROUP BY 1, 2, 3
""")

# Day by day: joined at once, all labels there are would be hashed for the few of these days.
MARKED: Final = SQL("""
SELECT t.day, t.publisher_id, w.label, w.n, w.k, w.s, w.q
  FROM (SELECT DISTINCT publisher_id, day FROM trend_marks) t
 CROSS JOIN LATERAL ({strata}) w
 WHERE {asked}
""")
OF_DAY: Final = SQL("""
a.publisher_id = t.publisher_id AND a.sort_at >= t.day::timestamp AT TIME ZONE 'UTC'
   AND a.sort_at < (t.day + 1)::timestamp AT TIME ZONE 'UTC'
""")

_DAYS: Final = SQL("""
SELECT c.day, c.publisher_id, c.label, c.n, c.k, c.s, c.q FROM trend_cells c
 WHERE c.sum_id = (SELECT sum_id FROM kept)
   AND NOT EXISTS (SELECT FROM trend_marks t
                    WHERE t.publisher_id = c.publisher_id AND t.day = c.day)
""")
# Of a week or month with a marked day, the days that are not marked.
_SPANS: Final = SQL("""
SELECT c.starts_on AS day, c.publisher_id, c.label, c.n, c.k, c.s, c.q FROM trend_spans c
 WHERE c.sum_id = (SELECT sum_id FROM kept) AND c.span = {span}
   AND NOT EXISTS (SELECT FROM stale t
                    WHERE t.publisher_id = c.publisher_id AND t.starts_on = c.starts_on)
 UNION ALL
SELECT c.day, c.publisher_id, c.label, c.n, c.k, c.s, c.q
  FROM stale b JOIN trend_cells c ON c.sum_id = (SELECT sum_id FROM kept)
       AND c.publisher_id = b.publisher_id AND c.day >= b.starts_on AND c.day < b.ends_on
 WHERE NOT EXISTS (SELECT FROM trend_marks t
                    WHERE t.publisher_id = c.publisher_id AND t.day = c.day)
""")

CELLS: Final = SQL("""
WITH kept AS MATERIALIZED (
    SELECT sum_id FROM trend_sums
     WHERE run_id = %(run_id)s AND metric = {metric} AND dimension = {dimension}
       AND digest = {digest}
), stale AS MATERIALIZED (
    SELECT DISTINCT publisher_id, date_trunc({span}, day::timestamp)::date AS starts_on,
           (date_trunc({span}, day::timestamp) + {length}::interval)::date AS ends_on
      FROM trend_marks
), x AS (
    {unmarked}
     UNION ALL
    SELECT * FROM ({marked}) now
)
SELECT {keys}, sum(x.n) AS n, sum(x.s) / nullif(sum(x.k), 0) AS mean,
       CASE WHEN sum(x.k) > 1 THEN sqrt(greatest(
           0, (sum(x.q) - sum(x.s) * sum(x.s) / sum(x.k)) / (sum(x.k) - 1))) END AS sd
  FROM x WHERE {where} GROUP BY {groups} ORDER BY {groups} LIMIT %(rows)s
""")

DAY: Final = "day"
KEYS: Final[Mapping[str, Composable]] = {
    "publisher": SQL("x.publisher_id"),
    "day": SQL("x.day"),
    "week": SQL("date_trunc('week', x.day::timestamp)::date"),
    "month": SQL("date_trunc('month', x.day::timestamp)::date"),
}

WHERE: Final[Mapping[str, Composable]] = {
    "publisher": SQL("x.publisher_id = ANY(%(publisher)s)"),
    "published_from": SQL("x.day >= (%(published_from)s AT TIME ZONE 'UTC')::date"),
    "published_to": SQL("x.day < (%(published_to)s AT TIME ZONE 'UTC')::date"),
    **{
        name: SQL("x.label = {}").format(SQL("%(" + name + ")s"))  # a name of ours
        for name in trends.LABELS
    },
}


def summed(metric: str, dimension: str) -> bool:
    """Whether sums of a metric by a dimension are kept: bins only of the score that they cut."""
    if dimension in trends.BINS:
        return metric == trends.LABELS[dimension][0]
    return dimension != "subtopic" or metric not in {*trends.SENTENCES, trends.BALANCE}


def strata(metric: str, dimension: str, *, of: Composable | None = None) -> Composable:
    """The statement of the sums of a metric by outlet, day and a dimension ("": none).

    ``of`` is a condition on the articles ``a``; all of them without it.
    """
    value, label = trends.METRICS[metric]
    by = [dimension] if dimension else []
    return STRATA.format(
        label=trends.LABELS[dimension][1] if dimension else SQL("NULL::text"),
        value=value,
        joins=trends.joins(label, by, then=False),
        where=of or SQL("true"),
    )


def of_marked(metric: str, dimension: str, *, asked: Composable | None = None) -> Composable:
    """The same of the days that are marked, unless ``asked`` says that nobody wants them."""
    return MARKED.format(strata=strata(metric, dimension, of=OF_DAY), asked=asked or SQL("true"))


def digest(metric: str, dimension: str) -> str:
    """What tells sums that another version of the statement made."""
    text = strata(metric, dimension).as_string()
    return sha256(text.encode()).hexdigest()[:32]


def cells(
    conn: Conn, where: Where, *, metric: str, by: Sequence[str], strata_by_outlet: bool, rows: int
) -> list[DictRow]:
    """The cells of a question, if sums answer it; empty where they do not, or nothing is there.

    One row a cell, or one an outlet of a cell: keys, ``n``, ``mean`` and ``sd``.
    """
    labels = {name for name in (*by, *where.names) if name in trends.LABELS}
    if where.then or len(labels) > 1 or not _whole_days(where):
        return []
    dimension = next(iter(labels), "")
    if not summed(metric, dimension):
        return []
    keys = [(KEYS.get(name, SQL("x.label")), name) for name in by]
    if strata_by_outlet:
        keys.append((KEYS["publisher"], trends.STRATUM))
    kept = SQL("EXISTS (SELECT FROM kept)")
    span = _span(where, by)
    query = CELLS.format(
        span=span,
        length=f"1 {span}",
        unmarked=_DAYS if span == DAY else _SPANS.format(span=span),
        metric=metric,
        dimension=dimension,
        digest=digest(metric, dimension),
        marked=of_marked(metric, dimension, asked=kept),
        keys=SQL(", ").join(SQL("{} AS {}").format(key, Identifier(name)) for key, name in keys),
        where=where.sql(WHERE),
        groups=SQL(", ").join(SQL(str(i + 1)) for i in range(len(keys))),
    )
    return conn.execute(query, {**where.values, "rows": rows}).fetchall()


def _span(where: Where, by: Sequence[str]) -> str:
    """The longest span of sums whose edges are those of the question's cells and ends."""
    times = {"day", "week", "month"} & set(by)
    ends = [where.values[n] for n in ("published_from", "published_to") if n in where.names]
    days = [end.astimezone(UTC).date() for end in ends if isinstance(end, datetime)]
    if times <= {"month"} and all(day.day == 1 for day in days):
        return "month"
    if times <= {"week"} and all(day.weekday() == 0 for day in days):
        return "week"
    return DAY


def _whole_days(where: Where) -> bool:
    if not set(where.names) <= set(WHERE):
        return False
    ends = [
        where.values[name] for name in ("published_from", "published_to") if name in where.names
    ]
    return all(isinstance(end, datetime) and end.astimezone(UTC).time() == time() for end in ends)
