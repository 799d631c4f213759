"""The recall lab's figure: convolution and depth, mixers, learning rates, copying by length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from memory_lm.labs.recall_plans import CONV, DEPTH, MIXED, RATES, UPDATED
from memory_lm.labs.report import Report, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {  # Okabe and Ito's palette, told apart by any eye
    "softmax": "#0072B2",
    "lla": "#D55E00",
    "linear": "#CC79A7",
    "delta": "#009E73",
    "hebbian": "#E69F00",
    "scan": "#56B4E9",
}
MARKERS = {"softmax": "s", "delta": "^", "scan": "o"}


def figure(report: Report) -> Figure:
    """Four panels: convolution and depth, mixers, learning rates, copying by length."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(13, 7.5), layout="constrained")
    (conv, mixers), (rates, copies) = drawn.subplots(2, 2)
    rows = {part: report.tables.get(part, ()) for part in (DEPTH, CONV, MIXED, UPDATED, RATES)}
    bars = [(f"conv on {r['name']}", number(r, "accuracy"), "softmax") for r in rows[CONV]]
    bars += [(str(r["name"]), number(r, "accuracy"), "softmax") for r in rows[DEPTH]]
    _bars(conv, bars)
    conv.set_title("Attention: short convolution (one layer) and depth (none)")
    bars = [("softmax", number(r, "accuracy"), "softmax") for r in rows[CONV] if r["name"] == "k"]
    bars += [(str(r["name"]), number(r, "accuracy"), str(r["name"])) for r in rows[MIXED]]
    bars += [
        (f"{r['name']}, updates", number(r, "accuracy"), str(r["name"])) for r in rows[UPDATED]
    ]
    _bars(mixers, bars)
    mixers.set_title("One layer with conv on k: recall, then newest of updates")
    for name, marker in MARKERS.items():
        points = sorted(
            (number(r, "rate"), number(r, "accuracy")) for r in rows[RATES] if r["name"] == name
        )
        if points:
            rates.plot(*zip(*points, strict=True), color=COLOURS[name], marker=marker, label=name)
    rates.set(
        title="Learning rate, one layer with conv, two pairs", xscale="log", xlabel="learning rate"
    )
    rates.set(ylabel="answers right", ylim=(-0.02, 1.05))
    copied = report.tables["copied by length"]
    styles = dict(
        zip(dict.fromkeys(str(r["name"]) for r in copied), ("-o", "--s", ":^"), strict=False)
    )
    for name, style in styles.items():
        points = [(number(r, "letters"), number(r, "strings")) for r in copied if r["name"] == name]
        copies.plot(*zip(*points, strict=True), style, color=COLOURS["softmax"], label=name)
    copies.set(title="Copying, attention without conv", xlabel="letters", ylim=(-0.02, 1.05))
    copies.set_ylabel("whole strings right")
    copies.xaxis.get_major_locator().set_params(integer=True)
    if not rows[RATES]:
        rates.text(0.5, 0.5, "swept in the full run only", transform=rates.transAxes, ha="center")
    for axis in (rates, copies):
        if axis.lines:
            axis.legend(frameon=False)
        axis.grid(alpha=0.3)
    return drawn


def _bars(axis: Axes, bars: Sequence[tuple[str, float, str]]) -> None:
    names = [name for name, _, _ in bars]
    at = range(len(bars))
    axis.barh(at, [share for _, share, _ in bars], color=[COLOURS[key] for _, _, key in bars])
    axis.set_yticks(at, names)
    axis.invert_yaxis()
    axis.set(xlim=(0, 1.1), xlabel="answers right")
    axis.grid(axis="x", alpha=0.3)
    for i, (_, share, _) in enumerate(bars):
        axis.text(share + 0.01, i, f"{share:.2f}", va="center", fontsize=8)
