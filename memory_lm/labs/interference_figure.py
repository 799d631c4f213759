"""The interference lab's figure: accuracy over updates, tests 2 to 5, event text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memory_lm.labs.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(report: Report) -> Figure:
    """Accuracy over updates of bank, controls and fake; tests 2 to 5; event text."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    drawn, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 5), layout="constrained")
    styles = iter(("o-", "s-", "x:", "+:", "x--", "+--"))
    for table in ("updates", "without order"):
        for arm in dict.fromkeys(str(row["arm"]) for row in report.tables[table]):
            mine = [row for row in report.tables[table] if row["arm"] == arm]
            line = [row["updates"] for row in mine], [row["latest"] for row in mine]
            left.plot(*line, next(styles), label=arm, alpha=0.8)
    front = report.tables["memory in front (fake endpoint)"]
    for name, style in (("plain", "d:"), ("memory in front", "d-")):
        mine = [row for row in front if row[name] is not None]
        label = f"fake endpoint, {name}"
        left.plot([r["updates"] for r in mine], [r[name] for r in mine], style, label=label)
    left.set(xscale="log", xlabel="updates of each key", title="Newest value of 46 keys")
    others = report.tables["other tests"]
    for test, n in dict.fromkeys((str(r["test"]), r["updates"]) for r in others):
        if test == "sequential":
            continue
        mine = [r for r in others if (r["test"], r["updates"]) == (test, n)]
        line = [r["size"] for r in mine], [r["latest"] for r in mine]
        middle.plot(*line, "o-", label=f"{test}, n = {n}", alpha=0.7)
    ordered = [r for r in others if r["test"] == "sequential"]
    line = [r["updates"] for r in ordered], [r["latest"] for r in ordered]
    middle.plot(*line, "k^-", label="sequential (by n)", alpha=0.7)
    middle.set(xscale="log", xlabel="keys, tracked keys or words", title="Bank, tests 2 to 5")
    for arm in dict.fromkeys(str(row["arm"]) for row in report.tables["event text"]):
        mine = [row for row in report.tables["event text"] if row["arm"] == arm]
        counts = [row["updates"] for row in mine]
        [drawn_line] = right.plot(
            counts, [row["cited"] for row in mine], "o-", label=f"bank, {arm}"
        )
        loose = [row["without_order"] for row in mine]
        right.plot(counts, loose, "x:", color=drawn_line.get_color(), label=f"without order, {arm}")
    right.set(xscale="log", xlabel="updates of each claim", title="Event text, latest number")
    for axis in (left, middle, right):
        axis.set_ylim(-0.03, 1.05)
        axis.legend(fontsize=7, ncol=2, loc="upper center", bbox_to_anchor=(0.5, -0.13))
    return drawn
