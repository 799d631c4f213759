"""How the labels of two runs differ on the same texts: the reason to trust, or not to promote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, quality_figures, wording
from dashboard.links import Filters
from dashboard.parts import charts, data, notices
from dashboard.parts import filters as controls
from dashboard.quality_figures import Share

Row = Mapping[str, Any]
FLIPS_SHOWN: Final = 3


def pair(filters: Filters, runs: Sequence[Row]) -> tuple[Row, Row] | None:
    """The run that readers see and the one beside it: the one asked for, else the newest other.

    None where there is nothing to compare.
    """
    wanted = filters.run
    seen = next((r for r in runs if r["run_id"].startswith(wanted)), None) if wanted else None
    seen = seen or next((r for r in runs if r["promoted"]), None)
    others = [row for row in runs if row is not seen]
    named = [row for row in others if row["run_id"].startswith(filters.against or "")]
    if seen is None or not named:
        return None
    return seen, named[0]


def choice(other: Row, runs: Sequence[Row], seen: Row) -> Component:
    """Which run is set beside."""
    options = [
        (row["run_id"], f"{row['labeller']} {row['run_id'][:8]}") for row in runs if row is not seen
    ]
    first = options[0][0]
    options.sort(key=lambda option: option[0] != first)
    return html.Div(
        controls.select("against", "Compare with the run", other["run_id"], options),
        className="filter",
    )


def alone() -> Component:
    """There is one run, or none of the id in the address."""
    return notices.notice(
        "Nothing to compare yet",
        "Drift is seen where two runs label the same texts. Another run is made with ",
        html.Code("newsroom annotate"),
        ", and appears here by itself.",
    )


def too_many(detail: str) -> Component:
    """More articles than the API compares at once."""
    return notices.notice(
        "Too many articles to compare here",
        f"The API says: {detail}. Ask for a panel, a fixed set of texts, with ",
        html.Code("/v1/runs/compare?a=…&b=…&panel=…"),
        ".",
    )


def drawn(answer: Row) -> Component:
    """How often the runs agree, which way scores moved, which labels changed into which."""
    a, b = answer["a"], answer["b"]
    questions = [q for q in answer["questions"] if q["change"]["agreement"]]
    said = (
        f"{a['labeller']} {a['run_id'][:8]} (codebook {a['codebook_version']}), which readers see, "
        f"beside {b['labeller']} {b['run_id'][:8]} (codebook {b['codebook_version']})"
    )
    call = [("a", a["run_id"]), ("b", b["run_id"])]
    if not questions:
        return html.Div(
            [
                html.P(f"{said}."),
                notices.notice(
                    "No text was labelled by both",
                    f"The runs share {wording.plural(answer['articles'], 'article')}.",
                ),
                data.data("runs/compare", call, name="two runs", rows=False),
            ]
        )
    points = [
        Share(
            name=_name(q),
            value=q["change"]["agreement"]["value"],
            low=q["change"]["agreement"]["low"],
            high=q["change"]["agreement"]["high"],
            n=q["change"]["compared"],
            unit="answers",
        )
        for q in questions
    ]
    least = min(points, key=lambda point: point.value)
    return html.Div(
        [
            charts.chart(
                quality_figures.shares(points, "Same label in both runs"),
                title="Same label in both runs",
                summary=f"They agree least on {least.name.lower()}: {wording.share(least.value)}.",
                source=charts.Source(
                    n=answer["articles"],
                    href=links.api_path("runs/compare", call),
                    first_at=min(a["started_at"], b["started_at"]),
                    last_at=max(a["started_at"], b["started_at"]),
                    labeller=f"{a['labeller']} and {b['labeller']}",
                    codebook=a["codebook_version"],
                    run_id=a["run_id"],
                    interval="bars: 95 % interval over articles",
                ),
                heads=["Question", "Same label", "From", "To", "n", "Mean here", "Mean there",
                       "Moved by", "Most frequent changes"],
                rows=[_line(q) for q in questions],
                numeric=(1, 2, 3, 4, 5, 6, 7),
                notes=[
                    f"{said}. They agree least on {least.name.lower()}.",
                    "A run that moves a mean changes every figure, though no outlet changed.",
                    outcomes(answer["outcomes"]),
                ],
            ),
        ]
    )  # fmt: skip


def _name(question: Row) -> str:
    part = " of the headline" if question["scope"] == "headline" else ""
    return wording.STAGES.get(question["stage"], wording.name(question["stage"])) + part


def _line(question: Row) -> list[str]:
    change = question["change"]
    same, moved = change["agreement"], change["shift"]
    flips = [
        f"{wording.name(f['label_a'])} → {wording.name(f['label_b'])} ({wording.count(f['n'])})"
        for f in question["flips"][:FLIPS_SHOWN]
    ]
    return [
        _name(question),
        wording.share(same["value"]),
        wording.share(same["low"]),
        wording.share(same["high"]),
        wording.count(change["compared"]),
        wording.score(change["mean_a"], 2),
        wording.score(change["mean_b"], 2),
        _moved(moved) if moved else wording.NONE,
        ", ".join(flips) or wording.NONE,
    ]


def _moved(shift: Row) -> str:
    value = wording.score(shift["value"], 2)
    if shift["low"] is None:
        return value
    return f"{value} ({wording.score(shift['low'], 2)} to {wording.score(shift['high'], 2)})"


def outcomes(rows: Sequence[Row]) -> str:
    """What became of every text in either run; nothing is filled in."""
    parts = [
        f"{_came(row['a'])} here and {_came(row['b'])} there: {wording.count(row['n'])}"
        for row in rows
    ]
    return f"Of all texts: {'; '.join(parts)}. Only those labelled in both are compared."


def _came(outcome: str | None) -> str:
    if outcome is None:
        return "not finished"
    return outcome if outcome == "labelled" else f"refused ({outcome})"
