"""Figures of the quality measurements, from their results alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

BLUE, GREY = "#2f6690", "#b8c4cc"


def of_question(found: Mapping[str, Any]) -> Figure | None:
    """Confusion and reliability of one question of a report; None where there is no class."""
    from matplotlib.figure import Figure

    labeller = found.get("labeller", {})
    if "confusion" not in labeller:
        return None
    drawn = Figure(figsize=(10, 4.4), layout="constrained")
    left, right = drawn.subplots(1, 2)
    occurring = [
        i for i, row in enumerate(labeller["confusion"])
        if sum(row) or any(other[i] for other in labeller["confusion"])
    ]  # fmt: skip
    table = [[labeller["confusion"][i][j] for j in occurring] for i in occurring]
    names = [labeller["labels"][i] for i in occurring]
    left.imshow(table, cmap="Blues")
    left.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=7)
    left.set_yticks(range(len(names)), names, fontsize=7)
    left.set(xlabel="labeller", ylabel="coders", title=f"{found['question']} ({found['unit']})")
    for i, row in enumerate(table):
        for j, n in enumerate(row):
            if n:
                left.text(j, i, str(n), ha="center", va="center", fontsize=6)
    right.plot([0, 1], [0, 1], color=GREY)
    calibration = labeller.get("calibration")
    if calibration:
        bins = calibration["bins"]
        right.scatter(
            [b["confidence"] for b in bins], [b["accuracy"] for b in bins],
            s=[8 + 2 * b["n"] ** 0.5 * 4 for b in bins], color=BLUE,
        )  # fmt: skip
        right.set_title(f"ECE {calibration['error']:.3f}, n = {sum(b['n'] for b in bins)}")
    else:
        right.set_title("no confidences given")
    right.set(xlabel="stated confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
    return drawn


def of_blindness(found: Mapping[str, Any]) -> Figure:
    """How well the outlet can be named, and what the swaps do to lean."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(10, 3.4), layout="constrained")
    left, right = drawn.subplots(1, 2)
    views = found["leakage"]["views"]
    values = [view["accuracy"] for view in views.values()]
    errors = [
        [v["accuracy"] - v["accuracy_95"][0] for v in views.values()],
        [v["accuracy_95"][1] - v["accuracy"] for v in views.values()],
    ]
    left.barh(list(views), values, xerr=errors, color=BLUE)
    left.axvline(found["leakage"]["most_frequent"], color="black", linestyle=":")
    left.invert_yaxis()
    left.set(
        xlabel="outlet named right (dotted: most frequent)", xlim=(0, 1),
        title=f"{found['leakage']['outlets']} outlets, {found['leakage']['articles']} articles",
    )  # fmt: skip
    swap = found["party_swap"]
    for place, name in enumerate(("swap", "control")):
        one = swap[name]
        low, high = one["mean_absolute_shift_95"]
        value = one["mean_absolute_shift"]
        right.bar(
            [place], [value], yerr=[[value - low], [high - value]],
            color=BLUE if name == "swap" else GREY,
        )  # fmt: skip
    right.set_xticks([0, 1], ["parties swapped", "neutral words swapped"])
    right.set(ylabel="mean |shift| of lean (−5…+5)", title=f"{swap['answered']} articles")
    return drawn


def of_injection(found: Mapping[str, Any]) -> Figure:
    """Labels changed by attacks and by harmless text, family by family."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(8, 3.6), layout="constrained")
    axis = drawn.subplots()
    families = found["by_family"]
    for shift, name, color in ((-0.2, "attack", BLUE), (0.2, "control", GREY)):
        shares = [family[name]["share"] if family[name] else 0.0 for family in families.values()]
        axis.barh([i + shift for i in range(len(families))], shares, 0.4, label=name, color=color)
    axis.set_yticks(range(len(families)), list(families))
    axis.invert_yaxis()
    axis.axvline(0.02, color="black", linestyle=":")
    axis.set(xlabel="share of labels changed (dotted: 2 %)", title=f"{found['pairs']} pairs")
    axis.legend()
    return drawn
