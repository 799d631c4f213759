"""Comparisons: two outlets or two periods in every measure, with what can be said to differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from api import comparison_schemas, then
from api.comparison_filters import MEANS, SHARES, ComparisonQuery
from api.deps import Store
from api.scales import bounds_of, of_sentences, within
from newsroom import differences, intervals
from newsroom.db import Conn
from newsroom.differences import Difference, Sample
from newsroom.store.reading import runs, trend_sums, trends
from newsroom.store.reading.where import Where

router = APIRouter(tags=["trends"])

ROWS_MAX: Final = 20_000  # outlets times classes
DIGITS: Final = 9
P_MAX: Final = 0.05
METHODS: Final = [
    "Difference of means: Welch's interval by the normal distribution (Welch 1938).",
    "Difference of shares: score interval of Newcombe (1998, method 10); pooled z-test.",
    "Many comparisons: p-values by Holm (1979) over all differences tested in this answer.",
    "Shares of sentences: the mean over articles of each article's own share.",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """One measure, or one class of it, of both sides."""

    measure: str
    label: str | None
    a: dict[str, Any]
    b: dict[str, Any]
    difference: Difference | None


@router.get("/comparisons", response_model=comparison_schemas.Comparison)
def get_comparison(store: Store, query: Annotated[ComparisonQuery, Query()]) -> dict[str, Any]:
    """Two outlets, or two periods, in lean, tone, sentences, subjects and types of article.

    `difference` is a − b with its own 95 % interval. `differs` says whether it holds after all the
    others were tested too; it is null where either side has fewer than 30 articles. A topic is
    listed where either side has an article under it.
    """
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        version = then.version(conn, query.as_of)
        run_id = runs.id_of(run)
        sides = [query.side(name).where(run_id, version) for name in ("a", "b")]
        pairs = [
            _of_means(measure, *(_sample(conn, s, measure) for s in sides)) for measure in MEANS
        ]
        for measure in SHARES:
            pairs += _of_shares(measure, *(_counts(conn, s, measure) for s in sides))
    rows = _tested(pairs)
    return {
        "data": rows,
        "next_cursor": None,
        "meta": {
            "of": query.of,
            "a": query.a,
            "b": query.b,
            "run": run,
            "as_of": then.meta(query.as_of, version),
            "tested": sum(row["differs"] is not None for row in rows),
            "n_min": differences.N_MIN,
            "methods": METHODS,
        },
    }


def _cells(conn: Conn, where: Where, metric: str, *by: str) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"metric": metric, "by": ["publisher", *by], "rows": ROWS_MAX}
    return trend_sums.cells(conn, where, **asked, strata_by_outlet=False) or trends.cells(
        conn, where, **asked
    )


def _sample(conn: Conn, where: Where, metric: str) -> Sample | None:
    return differences.pooled(
        Sample(n=row["n"], mean=row["mean"], sd=row["sd"])
        for row in _cells(conn, where, metric)
        if row["mean"] is not None
    )


def _counts(conn: Conn, where: Where, dimension: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in _cells(conn, where, "articles", dimension):
        if row[dimension] is not None:
            counts[row[dimension]] = counts.get(row[dimension], 0) + row["n"]
    return counts


def _of_means(measure: str, a: Sample | None, b: Sample | None) -> _Pair:
    return _Pair(
        measure=measure,
        label=None,
        a=_mean(a, measure),
        b=_mean(b, measure),
        difference=differences.of_means(a, b) if a and b else None,
    )


def _of_shares(measure: str, a: Mapping[str, int], b: Mapping[str, int]) -> Iterable[_Pair]:
    of_a, of_b = sum(a.values()), sum(b.values())
    for label in sorted({*a, *b}):
        in_a, in_b = a.get(label, 0), b.get(label, 0)
        yield _Pair(
            measure=measure,
            label=label,
            a=_share(in_a, of_a),
            b=_share(in_b, of_b),
            difference=differences.of_shares(in_a, of_a, in_b, of_b) if of_a and of_b else None,
        )


def _mean(sample: Sample | None, measure: str) -> dict[str, Any]:
    if sample is None:
        return {"n": 0, "value": None, "ci_low": None, "ci_high": None}
    interval = intervals.of_mean(sample.mean, sample.sd, sample.n)
    if of_sentences(measure):
        interval = within(interval, bounds_of(measure))
    low, high = interval
    return {"n": sample.n} | _rounded(value=sample.mean, ci_low=low, ci_high=high)


def _share(count: int, n: int) -> dict[str, Any]:
    if n == 0:
        return {"n": 0, "value": None, "ci_low": None, "ci_high": None}
    low, high = intervals.of_share(count / n, n)
    return {"n": n} | _rounded(value=count / n, ci_low=low, ci_high=high)


def _tested(pairs: Iterable[_Pair]) -> list[dict[str, Any]]:
    """The rows, each p-value adjusted for all that were tested."""
    listed = list(pairs)
    enough = [min(pair.a["n"], pair.b["n"]) >= differences.N_MIN for pair in listed]
    p_values = [
        pair.difference.p
        for pair, many in zip(listed, enough, strict=True)
        if many and pair.difference is not None and pair.difference.p is not None
    ]
    adjusted = iter(differences.holm(p_values))
    rows = []
    for pair, many in zip(listed, enough, strict=True):
        found = pair.difference
        p = next(adjusted) if many and found is not None and found.p is not None else None
        rows.append(
            {
                "measure": pair.measure,
                "label": pair.label,
                "kind": "mean" if pair.label is None else "share",
                "a": pair.a,
                "b": pair.b,
                **_rounded(
                    difference=None if found is None else found.value,
                    ci_low=None if found is None else found.low,
                    ci_high=None if found is None else found.high,
                    p_adjusted=p,
                ),
                "differs": None if p is None else p < P_MAX,
            }
        )
    return rows


def _rounded(**values: float | None) -> dict[str, float | None]:
    # A sum of floats depends on the order of its rows: the last digits are no figure of ours.
    return {name: None if v is None else round(v, DIGITS) for name, v in values.items()}
