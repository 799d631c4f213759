"""The Hebbian memory lab's figure: stories, interference by write gate, association by delay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memory_lm.labs.report import Report, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(report: Report) -> Figure:
    """Learning curves of induction, interference by write gate, association by delay."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    drawn, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 5), layout="constrained")
    colours = mpl.colormaps["cividis"]
    stories = report.tables["stories"]
    curves = sorted({(str(r["task"]), bool(r["read_before_write"]), r["seed"]) for r in stories})
    names = sorted({task for task, _, _ in curves})
    for task, reads, seed in curves:
        line = [
            (r["step"], r["accuracy"]) for r in stories
            if (r["task"], r["read_before_write"], r["seed"]) == (task, reads, seed)
        ]  # fmt: skip
        label = (
            f"{task}{', read-before-write' if reads else ''}" if seed == report.seeds[0] else None
        )
        left.plot(
            *zip(*line, strict=True), "-" if reads else "--", label=label,
            color=colours(names.index(task) / len(names)),
        )  # fmt: skip
    left.set(xlabel="optimiser steps", ylabel="held-out accuracy", title="Stories")
    for rule in ("hebbian", "delta", "additive"):
        rows = [r for r in report.tables["interference"] if r["rule"] == rule]
        for gate in sorted({number(r, "gate") for r in rows}):
            line = [(r["updates"], r["accuracy"]) for r in rows if r["gate"] == gate]
            label = f"{rule} {gate:g}" if rule == "hebbian" else rule
            style = {"hebbian": "o-", "delta": "s:", "additive": "x:"}[rule]
            middle.plot(
                *zip(*line, strict=True), style, label=label, color=colours(gate**0.3 * 0.9)
            )
    updates = sorted({int(number(r, "updates")) for r in report.tables["interference"]})
    middle.set(xscale="log", xlabel="updates of each key", title="Newest value recalled")
    middle.set_xticks(updates, [str(n) for n in updates])
    middle.minorticks_off()
    for name, style in (("hebbian", "o-"), ("lstm", "x--")):
        line = [
            (r["delay"], r["accuracy"]) for r in report.tables["association"] if r["model"] == name
        ]
        right.plot(*zip(*line, strict=True), style, label=name)
    right.set(xlabel="noise frames after each pair", title="Association with delay")
    for axis in (left, middle, right):
        axis.set_ylim(-0.03, 1.05)
        axis.legend(fontsize=7, ncol=2, loc="upper center", bbox_to_anchor=(0.5, -0.15))
    return drawn
