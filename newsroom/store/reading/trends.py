"""Means and shares over articles, by one or two dimensions, each with n and spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from psycopg.rows import DictRow
from psycopg.sql import SQL, Composable, Identifier

from newsroom.db import Conn
from newsroom.store.reading.where import ARTICLES, Where

# The planner takes two equalities for independent and would expect one row of 50,000, and then loop
# over them; inside coalesce it does not see the second, and hashes (measured: twice as fast).
_OF: Final = (
    "JOIN annotations {alias} ON {alias}.article_id = a.article_id "
    "AND coalesce({alias}.content_sha256 = a.content_sha256, false) "
    "AND {alias}.run_id = %(run_id)s AND {alias}.stage = {stage} AND {alias}.scope = {scope}"
)


def _label(alias: str, stage: str, scope: str = "article") -> Composable:
    return SQL(_OF).format(alias=Identifier(alias), stage=stage, scope=scope)


def _measured(stage: str, scope: str = "article") -> Composable:
    # Live blogs, letters, recipes and the like are counted and listed, but measure no outlet.
    return SQL("{} AND a.form IS NULL").format(_label("v", stage, scope))


def _dimension(stage: str) -> tuple[Composable, Composable]:
    # LEFT: an article without this label is a cell of its own, so that cells add up to the list.
    return SQL("{}.label").format(Identifier(stage)), SQL("LEFT {}").format(_label(stage, stage))


# Expression and join of each dimension. Weeks start on Monday, all days are UTC.
DIMENSIONS: Final[Mapping[str, tuple[Composable, Composable]]] = {
    "publisher": (SQL("a.publisher_id"), SQL("")),
    "day": (SQL("date_trunc('day', a.sort_at)::date"), SQL("")),
    "week": (SQL("date_trunc('week', a.sort_at)::date"), SQL("")),
    "month": (SQL("date_trunc('month', a.sort_at)::date"), SQL("")),
    "category": _dimension("category"),
    "topic": _dimension("topic"),
    "subtopic": _dimension("subtopic"),
    "news_type": _dimension("news_type"),
}

# Measured value and join of each metric: null counts articles, the others average.
METRICS: Final[Mapping[str, tuple[Composable, Composable]]] = {
    "articles": (SQL("NULL::double precision"), SQL("")),
    "lean": (SQL("v.score"), _measured("lean")),
    "tone": (SQL("v.score"), _measured("tone")),
    "headline_lean": (SQL("v.score"), _measured("lean", "headline")),
    "headline_tone": (SQL("v.score"), _measured("tone", "headline")),
    "opinion_share": (
        SQL("(v.label = 'opinion')::integer::double precision"),
        _measured("news_type"),
    ),
}

CELLS: Final = SQL("""
SELECT {keys}, count(*) AS n, avg({value}) AS mean, stddev_samp({value}) AS sd
  FROM articles a {joins}
 WHERE a.superseded_at IS NULL AND {where}
 GROUP BY {groups} ORDER BY {groups} LIMIT %(rows)s
""")


def cells(conn: Conn, where: Where, *, metric: str, by: Sequence[str], rows: int) -> list[DictRow]:
    """One row a cell: the keys, ``n``, ``mean`` and sample ``sd`` (null below two)."""
    value, measured = METRICS[metric]
    query = CELLS.format(
        keys=SQL(", ").join(SQL("{} AS {}").format(DIMENSIONS[d][0], Identifier(d)) for d in by),
        value=value,
        joins=SQL(" ").join([measured, *(DIMENSIONS[d][1] for d in by)]),
        where=where.sql(ARTICLES),
        groups=SQL(", ").join(SQL(str(i + 1)) for i in range(len(by))),
    )
    return conn.execute(query, {**where.values, "rows": rows}).fetchall()
