"""Means and shares over articles, by one or two dimensions, each with n and spread.

A cell comes in strata where outlets are to weigh alike, one an outlet; and with weighted sums where
articles weigh by the best place they had on a front page. :mod:`newsroom.weights` adds them up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from psycopg.rows import DictRow
from psycopg.sql import SQL, Composable, Identifier

from newsroom.db import Conn
from newsroom.records import SENTENCE_COUNTS, Stage
from newsroom.store.reading.where import Where, made

# The planner takes two equalities for independent and would expect one row of 50,000, and then loop
# over them; inside coalesce it does not see the second, and hashes (measured: twice as fast).
_OF: Final = (
    "JOIN annotations {alias} ON {alias}.article_id = a.article_id "
    "AND coalesce({alias}.content_sha256 = a.content_sha256, false) "
    "AND {alias}.run_id = %(run_id)s AND {alias}.stage = {stage} AND {alias}.scope = {scope} {made}"
)

# The sentences of its text, where a label was asked of ``some`` of them.
_WITH_SENTENCES: Final = SQL(
    "JOIN sentence_counts v ON v.article_id = a.article_id "
    "AND coalesce(v.content_sha256 = a.content_sha256, false) "
    "AND v.run_id = %(run_id)s AND {some} > 0 {made}"
)


def _label(alias: str, stage: str, scope: str, *, then: bool) -> Composable:
    if scope == SENTENCE:
        return _WITH_SENTENCES.format(some=_asked(stage), made=made(alias, then=then))
    return SQL(_OF).format(
        alias=Identifier(alias), stage=stage, scope=scope, made=made(alias, then=then)
    )


# Expression of each dimension that is no label. Weeks start on Monday, all days are UTC.
PLAIN: Final[Mapping[str, Composable]] = {
    "publisher": SQL("a.publisher_id"),
    "day": SQL("date_trunc('day', a.sort_at)::date"),
    "week": SQL("date_trunc('week', a.sort_at)::date"),
    "month": SQL("date_trunc('month', a.sort_at)::date"),
}
# Stage of each dimension that is a label of the article, and its expression: text in every case.
LABELS: Final[Mapping[str, tuple[str, Composable]]] = {
    **{n: (n, SQL(n + ".label")) for n in ("category", "topic", "subtopic", "news_type")},
    **{f"{n}_bin": (n, SQL(f"round({n}_bin.score)::integer::text")) for n in ("lean", "tone")},
}
BINS: Final = ("lean_bin", "tone_bin")
DIMENSIONS: Final = (*PLAIN, *LABELS)

SENTENCE: Final = "sentence"
PARTY: Final = "party"  # sentences about one party alone
BALANCE: Final = "party_balance"


def _asked(stage: str) -> Composable:
    of = Stage.SENTENCE_FOCUS if stage == PARTY else stage
    names = [
        SQL("v.{}").format(Identifier(name))
        for (asked, label), name in SENTENCE_COUNTS.items()
        if asked == of and (stage != PARTY or label in ("democrat", "republican"))
    ]
    return SQL("({})").format(SQL(" + ").join(names))


def _share(stage: str, name: str) -> Composable:
    return SQL("v.{}::double precision / {}").format(Identifier(name), _asked(stage))


# Share of an article's own sentences, so that a long article weighs no more than a short one.
SENTENCES: Final[Mapping[str, tuple[Composable, tuple[str, str]]]] = {
    f"{label}_sentences": (_share(stage, name), (stage.value, SENTENCE))
    for (stage, label), name in SENTENCE_COUNTS.items()
}

# Measured value, and stage and scope of the label it is of; articles are counted, not measured.
METRICS: Final[Mapping[str, tuple[Composable, tuple[str, str] | None]]] = {
    "articles": (SQL("NULL::double precision"), None),
    "lean": (SQL("v.score"), ("lean", "article")),
    "tone": (SQL("v.score"), ("tone", "article")),
    "headline_lean": (SQL("v.score"), ("lean", "headline")),
    "headline_tone": (SQL("v.score"), ("tone", "headline")),
    "opinion_share": (
        SQL("(v.label = 'opinion')::integer::double precision"),
        ("news_type", "article"),
    ),
    **SENTENCES,
    # −1: every sentence about one party is about Democrats; +1: about Republicans.
    BALANCE: (
        SQL("(v.sent_focus_rep - v.sent_focus_dem)::double precision / {}").format(_asked(PARTY)),
        (PARTY, SENTENCE),
    ),
}

_COUNTED: Final = SQL("1::double precision")  # so that weights of articles can be summed up

# Of the weights a reader may ask for: what a cell is cut into, and what else is summed up in it.
_PLAIN_SUMS: Final = SQL("count(*) AS n, avg({value}) AS mean, stddev_samp({value}) AS sd")
_WEIGHTED_SUMS: Final = SQL("""
count({value}) AS n, count(w.weight) FILTER (WHERE {value} IS NOT NULL) AS weighted,
sum(w.weight) FILTER (WHERE {value} IS NOT NULL) AS w, sum(w.weight * w.weight)
    FILTER (WHERE {value} IS NOT NULL) AS ww,
sum(w.weight * {value}) AS wx, sum(w.weight * w.weight * {value}) AS wwx,
sum(w.weight * w.weight * {value} * {value}) AS wwxx
""")

# The best rank an article ever had on a front page of its outlet, in the last reading of each.
_PROMINENCE: Final = SQL("""
LEFT JOIN LATERAL (
    SELECT 1 / log(2, 1 + min(k.rank))::double precision AS weight
      FROM front_page_links k JOIN front_page_layouts l USING (snapshot_id, layout)
     WHERE k.article_id = a.article_id AND k.publisher_id = a.publisher_id {made}
       AND NOT EXISTS (SELECT FROM front_page_layouts r
                        WHERE r.snapshot_id = k.snapshot_id AND r.layout > k.layout
                              {made_later})) w ON true
""")

CELLS: Final = SQL("""
SELECT {keys}, {sums}
  FROM articles a {joins}
 WHERE {where}
 GROUP BY {groups} ORDER BY {groups} LIMIT %(rows)s
""")

STRATUM: Final = "outlet_of_stratum"


def joins(label: tuple[str, str] | None, by: Sequence[str], *, then: bool) -> Composable:
    """What an article ``a`` is joined with: the label ``v`` that is measured, and those it is by.

    ``label`` is the stage and scope of the one; None where articles are counted.
    """
    joined: list[Composable] = []
    if label is not None:
        # Live blogs, letters, recipes and the like are counted and listed, but measure no outlet.
        joined += [_label("v", *label, then=then), SQL("AND a.form IS NULL")]
    # LEFT: an article without this label is a cell of its own, so that cells add up to the list.
    joined += [
        SQL("LEFT {}").format(_label(d, LABELS[d][0], "article", then=then))
        for d in by
        if d in LABELS
    ]
    return SQL(" ").join(joined)


def cells(
    conn: Conn,
    where: Where,
    *,
    metric: str,
    by: Sequence[str],
    rows: int,
    weights: str = "article",
) -> list[DictRow]:
    """One row a cell: the keys, and what the weights need.

    - ``article``: ``n``, ``mean`` and sample ``sd`` (null below two);
    - ``outlet``: the same, a row for each outlet of a cell, which ``outlet_of_stratum`` names;
    - ``prominence``: ``n``, ``weighted`` of them have a weight, and the sums ``w``, ``ww``,
      ``wx``, ``wwx`` and ``wwxx`` of weights w and values x.
    """
    then = where.then
    value, label = METRICS[metric]
    if weights == "prominence" and label is None:
        value = _COUNTED
    keys = [(LABELS[d][1] if d in LABELS else PLAIN[d], d) for d in by]
    if weights == "outlet":
        keys.append((PLAIN["publisher"], STRATUM))
    joined = [joins(label, by, then=then)]
    if weights == "prominence":
        readings = {"made": made("l", then=then), "made_later": made("r", then=then)}
        joined.append(_PROMINENCE.format(**readings))
    sums = _WEIGHTED_SUMS if weights == "prominence" else _PLAIN_SUMS
    query = CELLS.format(
        keys=SQL(", ").join(SQL("{} AS {}").format(key, Identifier(name)) for key, name in keys),
        sums=sums.format(value=value),
        joins=SQL(" ").join(joined),
        where=where.articles(),
        groups=SQL(", ").join(SQL(str(i + 1)) for i in range(len(keys))),
    )
    return conn.execute(query, {**where.values, "rows": rows}).fetchall()
