"""The figure of a bench result: cost against softmax attention, and against the rivals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

RIVALS = (
    ("sdpa_ms", "torch SDPA (softmax)", "#7f7f7f"),
    ("lla_ms", "LLA", "#0072b2"),
    ("fixed_32_ms", "LLA, 32 fixed steps", "#56b4e9"),
    ("published_ms", "published algorithm", "#e69f00"),
    ("materialised_ms", "materialised", "#d55e00"),
    ("parallax_ms", "fla parallax", "#009e73"),
)


def draw(result: dict[str, Any], path: Path) -> None:
    """Grouped bars, log scale: time of every rival relative to torch's softmax attention."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    rows = result["rows"]
    shown = [r for r in RIVALS if any(row[r[0]] is not None for row in rows)]
    figure, axes = plt.subplots(figsize=(1.7 * len(rows) + 3, 4.4), layout="constrained")
    width = 0.8 / len(shown)
    for i, (key, label, colour) in enumerate(shown):
        at = [x - 0.4 + (i + 0.5) * width for x, row in enumerate(rows) if row[key] is not None]
        ratio = [row[key] / row["sdpa_ms"] for row in rows if row[key] is not None]
        bars = axes.bar(at, ratio, width * 0.92, label=label, color=colour)
        axes.bar_label(bars, fmt="%.3g", fontsize=7)
    axes.set_yscale("log")
    axes.set_ylabel("time / torch softmax attention (forward)")
    names = [f"D={r['D']} T={r['T']}\nridge {r['ridge']:g}, {r['steps']:.1f} steps" for r in rows]
    axes.set_xticks(range(len(rows)), names, fontsize=8)
    axes.set_title(
        f"{result['machine']['device']}, {result['machine']['threads']} threads", fontsize=10
    )
    axes.legend(fontsize=8, frameon=False, ncols=2, loc="upper left")
    axes.set_ylim(top=axes.get_ylim()[1] * 6)
    figure.savefig(path, dpi=110)
    plt.close(figure)
