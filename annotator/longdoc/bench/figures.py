"""The harness in pictures: one page of curves, one page that says which regime a task is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, Any]]
Tables = Mapping[str, Rows]


def curves(tables: Tables) -> Figure:
    """Accuracy over agents, bits, chunk sizes and rounds; path over messages; votes."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    drawn, axes = plt.subplots(2, 3, figsize=(15, 9), layout="constrained")
    _recall(axes[0][0], tables["recall"])
    _bandwidth(axes[0][1], tables["bandwidth"])
    _path(axes[0][2], tables)
    _chunks(axes[1][0], tables["chunks"], tables["speaker"])
    _surface(axes[1][1], tables["rounds"])
    _voting(axes[1][2], tables["voting"])
    return drawn


def _bars(axis: Axes, rows: Rows, x: str, label: str, style: str) -> None:
    """A line with Wilson intervals."""
    ys = [r["accuracy"] for r in rows]
    # At a share of 0 or 1 rounding may put the interval's end on the wrong side of it.
    below = [max(0.0, r["accuracy"] - r["low"]) for r in rows]
    above = [max(0.0, r["high"] - r["accuracy"]) for r in rows]
    axis.errorbar([r[x] for r in rows], ys, [below, above], fmt=style, label=label, capsize=2)


def _recall(axis: Axes, rows: Rows) -> None:
    for check, label, style in ((True, "quotes checked", "o-"), (False, "unchecked", "s-")):
        mine = [r for r in rows if r["check"] is check]
        _bars(axis, mine, "agents", label, style)
        axis.plot([r["agents"] for r in mine], [r["closed"] for r in mine], "k:")
    axis.set(title="Recall: star (dotted: closed form)", xlabel="workers", xscale="log",
             ylabel="accuracy", ylim=(0, 1.03))  # fmt: skip
    axis.legend(fontsize=8)


def _bandwidth(axis: Axes, rows: Rows) -> None:
    for rounds in sorted({r["rounds"] for r in rows}):
        mine = [dict(r) | {"total": r["bandwidth"] * rounds} for r in rows if r["rounds"] == rounds]
        _bars(axis, mine, "total", f"{rounds} rounds", "o")
    bits = [b / 10 for b in range(10, 251)]
    axis.plot(bits, [min(1.0, 2**b / 120) for b in bits], "k-", label="min(1, 2^B / 120)")
    axis.set(title="S5 through the narrowest cut", xlabel="bits × rounds", ylabel="accuracy")
    axis.legend(fontsize=8)


def _path(axis: Axes, tables: Tables) -> None:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in tables["depth"]:
        groups.setdefault(f"{row['task']}, {row['protocol']}", []).append(row)
    groups["recall, star"] = [r for r in tables["recall"] if r["check"]]
    groups["khop, iterq (1 … 8 hops)"] = list(tables["khop"][:4])
    for label, rows in groups.items():
        axis.plot([max(0.5, r["messages"]) for r in rows], [r["depth_tokens"] for r in rows],
                  "o-", label=label, alpha=0.8)  # fmt: skip
    axis.set(title="Critical path over communication", xlabel="messages (0 drawn at 0.5)",
             ylabel="tokens written one after another", xscale="log", yscale="log")  # fmt: skip
    axis.legend(fontsize=8)


def _chunks(axis: Axes, parity: Rows, speaker: Rows) -> None:
    sized = [dict(r) | {"chunk": r["n"] / r["agents"]} for r in parity]
    _bars(axis, sized, "chunk", "parity, merges err", "o-")
    axis.plot([r["chunk"] for r in sized], [r["closed"] for r in sized], "k:")
    for protocol, label in (("scan", "speakers, scan"), ("star", "speakers, chunks apart")):
        mine = [dict(r) | {"chunk": r["n"] / r["agents"]} for r in speaker
                if r["protocol"] == protocol and r["accuracy"]]  # fmt: skip
        _bars(axis, mine[:5], "chunk", label, "s-")
    axis.set(title="Chunk size (dotted: closed form)", xlabel="items a chunk", ylabel="accuracy",
             xscale="log", ylim=(0, 1.03))  # fmt: skip
    axis.legend(fontsize=8)


def _surface(axis: Axes, rows: Rows) -> None:
    agents = sorted({r["agents"] for r in rows})
    rounds = sorted({r["rounds"] for r in rows})
    found = {(r["agents"], r["rounds"]): r["accuracy"] for r in rows}
    axis.imshow([[found[a, r] for r in rounds] for a in agents], cmap="viridis", vmin=0, vmax=1,
                aspect="auto", origin="lower")  # fmt: skip
    for i, a in enumerate(agents):
        for j, r in enumerate(rounds):
            axis.text(j, i, f"{found[a, r]:.2f}", ha="center", va="center",
                      color="w" if found[a, r] < 0.5 else "k")  # fmt: skip
    axis.set(title="S5 by tree: accuracy", xlabel="rounds", ylabel="agents",
             xticks=range(len(rounds)), xticklabels=rounds, yticks=range(len(agents)),
             yticklabels=agents)  # fmt: skip


def _voting(axis: Axes, rows: Rows) -> None:
    for arm, style in zip(dict.fromkeys(r["arm"] for r in rows), ("x:", "s--", "o-", "d-"),
                          strict=True):  # fmt: skip
        _bars(axis, [r for r in rows if r["arm"] == arm], "n", arm, style)
    axis.set(title="Parity: where to vote", xlabel="items", ylabel="accuracy", xscale="log",
             ylim=(0.4, 1.03))  # fmt: skip
    axis.legend(fontsize=8)


REGIMES = """
find a quote, an amount, a name|recall|star, hits only|the same for any length|check quotes word for word
count labels, add up votes|sum|tree, merged by code|depth N/w + log w, w − 1 messages|any chunk size
who speaks, what stands now|state|prefix scan|depth N/w + log w, 2(w − 1) messages|a message holds the state
person → role → party → bill|k hops|iterative queries|depth k whatever w is|agents do not help: retrieve
fits below half the knee|none|one reader, votes|depth N, nothing sent|votes need a good reader
"""  # noqa: E501  # a table


def regimes(checks: Rows) -> Figure:
    """Which regime is my task: the five kinds, and the slopes measured in this run."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    drawn, axis = plt.subplots(figsize=(15, 5.5), layout="constrained")
    axis.axis("off")
    head = ("task", "regime", "protocol", "cost", "mind")
    cells = [[cell.strip() for cell in line.split("|")] for line in REGIMES.strip().splitlines()]
    table = axis.table([head, *cells], loc="upper center", cellLoc="left",
                       colWidths=[0.2, 0.09, 0.16, 0.31, 0.24])  # fmt: skip
    table.scale(1, 2.2)
    table.auto_set_font_size(False)
    table.set_fontsize(10)
    measured = [c for c in checks if "slope" in c["name"]]
    lines = "\n".join(f"{c['name']}: {c['value']:.3f}" for c in measured)
    axis.text(0.02, 0.02, f"Measured:\n{lines}", fontsize=9, va="bottom", family="monospace")
    return drawn
