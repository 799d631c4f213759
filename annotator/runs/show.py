"""A comparison of two runs for the eye: a table in the terminal, and a figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from newsroom.drift import LABELLED, Estimate, Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOUR: Final = "#3b5b92"
SCORES: Final = 5.0  # the scales end at plus and minus five


def spelt(estimate: Estimate | None, *, sign: bool = False) -> str:
    """``0.93 [0.90, 0.95]``; a dash where there is nothing to estimate."""
    if estimate is None:
        return "–"
    form = "+.2f" if sign else ".2f"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:{form}}"
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"


def outcomes(report: Report) -> Table:
    """What became of the texts in either run."""
    table = Table("run A", "run B", "texts", title="What became of the texts")
    table.columns[2].justify = "right"
    for outcome in report.outcomes:
        table.add_row(_became(outcome.a), _became(outcome.b), f"{outcome.n:,}")
    return table


def questions(report: Report) -> Table:
    """One row a question: how often the labels agree, how far the scores moved, what flipped."""
    table = Table(title=f"{report.articles:,} articles labelled by both; intervals at 95 %")
    for name in ("question", "of", "answers", "agreement", "shift of the score", "most shifted"):
        table.add_column(name)
    table.add_column("most flips")
    table.columns[2].justify = "right"
    for asked in report.questions:
        moved = [s for s in asked.labels if s.shift.value][:1]
        table.add_row(
            asked.stage,
            asked.scope,
            f"{asked.change.compared or asked.change.scored:,}",
            spelt(asked.change.agreement),
            spelt(asked.change.shift, sign=True),
            "".join(f"{s.label} {spelt(s.shift, sign=True)}" for s in moved) or "–",
            ", ".join(f"{f.label_a} → {f.label_b} ({f.n:,})" for f in asked.flips[:2]) or "–",
        )
    return table


def outlets(report: Report) -> Table:
    """The same by outlet, where there are enough articles."""
    table = Table("outlet", "question", "of", "articles", "agreement", "shift of the score")
    table.title = "By outlet"
    table.columns[3].justify = "right"
    few = 0
    for asked in report.questions:
        few = max(few, asked.outlets_few)
        for outlet in asked.outlets:
            table.add_row(
                outlet.publisher_id,
                asked.stage,
                asked.scope,
                f"{outlet.change.articles:,}",
                spelt(outlet.change.agreement),
                spelt(outlet.change.shift, sign=True),
            )
    if few:
        table.caption = f"{few} outlets with fewer than ten articles are not shown"
    return table


def figure(report: Report, names: Mapping[str, Any]) -> Figure:
    """Agreement by question on the left, the shift of scores on the right, with intervals."""
    from matplotlib.figure import Figure

    asked = report.questions[::-1]
    drawn = Figure(figsize=(9.0, 1.6 + 0.34 * len(asked)), layout="constrained")
    left, right = drawn.subplots(1, 2, sharey=True)
    rows = range(len(asked))
    for axis, estimates in (
        (left, [q.change.agreement for q in asked]),
        (right, [q.change.shift for q in asked]),
    ):
        for row, estimate in zip(rows, estimates, strict=True):
            if estimate is None:
                continue
            if estimate.low is not None and estimate.high is not None:
                axis.plot([estimate.low, estimate.high], [row, row], color=COLOUR, linewidth=1.4)
            axis.plot([estimate.value], [row], marker="o", markersize=4, color=COLOUR)
        axis.grid(axis="x", color="#dddddd", linewidth=0.6)
    left.set(xlim=(0, 1.02), xlabel="equal labels (share)")
    left.set_yticks(list(rows), [f"{q.stage}, {q.scope} (n = {_n(q.change)})" for q in asked])
    left.set_ylim(-0.6, len(asked) - 0.4)
    right.axvline(0, color="#999999", linewidth=0.8)
    widest = max((abs(x) for q in asked for x in _ends(q.change.shift)), default=0.1)
    right.set(
        xlim=(-1.1 * min(widest, 2 * SCORES), 1.1 * min(widest, 2 * SCORES)),
        xlabel="mean score of B less that of A",
    )
    drawn.suptitle(
        f"A {names['a']}  against  B {names['b']}: {report.articles:,} articles, 95 % intervals",
        fontsize=10,
    )
    return drawn


def _n(change: Any) -> str:
    return f"{change.compared or change.scored:,}"


def _ends(estimate: Estimate | None) -> list[float]:
    if estimate is None:
        return []
    return [x for x in (estimate.value, estimate.low, estimate.high) if x is not None]


def _became(outcome: str | None) -> str:
    if outcome is None:
        return "not finished"
    return outcome if outcome == LABELLED else f"refused: {outcome}"
