"""The ablation for readers: a page with its tables, and a figure. Made from the result alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from annotator.past.arms import ARMS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEAD = """# Does memory help the labels?

Made by `newsroom memory ablate`; the numbers are in `benchmarks/results/memory/ablation.json`,
this page is written from them.

The question is asked of the side network alone, without the n-grams it is mixed with: one set of
weights, trained with the memory at times empty, shuffled, or told without ages or links, is given
more or less to read of the past. Articles of the AllSides set, read as of the day before their
own; the bank, the pointer, the relation head and the recall are those of the running system. The
labels of what is recalled are never told, and lean may not read the article's own outlet.
"""
PROTOCOLS = {
    "outlets": "Outlets held out: five publisher folds",
    "outlets and time": "Outlets and time held out: the same folds, trained on articles before "
    "July 2018, judged on those a week younger and later",
}
COLUMNS = {"lean": "lean", "topic": "topic, 32 classes", "news_type": "news type"}


def page(result: Mapping[str, Any]) -> str:
    """The page in Markdown."""
    lines = [HEAD, f"![Arms and labels]({IMAGE})", ""]
    for protocol, found in result["protocols"].items():
        lines += [f"## {PROTOCOLS[protocol]}", "", *_arms(found), "", *_gains(found), ""]
    lines += ["## Readers and fusions", "", *_variants(result), ""]
    lines += ["## What follows", "", *_gates(result), "", *_rest(result)]
    return "\n".join(lines).rstrip() + "\n"


IMAGE = "../benchmarks/results/memory/ablation.png"


def figure(result: Mapping[str, Any]) -> Figure:
    """Every arm less the empty memory, with the interval of the arm that decides."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(9, 3.4), layout="constrained")
    axes = drawn.subplots(1, len(COLUMNS), sharey=True)
    for axis, (label, title) in zip(axes, COLUMNS.items(), strict=True):
        for shift, (protocol, found) in zip(
            (-0.15, 0.15), result["protocols"].items(), strict=False
        ):
            told = found["labels"].get(label)
            if told is None:
                continue
            f1 = told["macro_f1"]
            names = [arm for arm in f1 if arm != "M0"]
            places = [i + shift for i in range(len(names))]
            axis.plot(places, [f1[arm] - f1["M0"] for arm in names], "o", label=protocol)
            gain = told["gain"]["events"]
            control = max(f1["M0"], f1["M1"]) - f1["M0"]
            at = places[names.index("M5")]
            axis.plot([at, at], [control + gain["low"], control + gain["high"]], "k-", lw=1)
        axis.axhline(0, color="grey", lw=0.8)
        axis.set_xticks(range(len(ARMS) - 1), [arm for arm in ARMS if arm != "M0"])
        axis.set_title(title)
    axes[0].set_ylabel("macro-F1 less that of an empty memory")
    axes[0].legend(fontsize=8)
    return drawn


def _arms(found: Mapping[str, Any]) -> Iterator[str]:
    labels = found["labels"]
    yield "| arm | what is read | " + " | ".join(COLUMNS[x] for x in labels) + " |"
    yield "|---|---|" + "---|" * len(labels)
    for arm, what in ARMS.items():
        scores = (f"{labels[x]['macro_f1'][arm]:.4f}" for x in labels)
        yield f"| {arm} | {what} | " + " | ".join(scores) + " |"
    counts = (f"{labels[x]['articles']:,} ({labels[x]['events']:,})" for x in labels)
    yield "| | articles (events) | " + " | ".join(counts) + " |"
    ece = (f"{labels[x]['ece']['M0']:.3f}, {labels[x]['ece']['M5']:.3f}" for x in labels)
    yield "| | calibration error of M0, M5 | " + " | ".join(ece) + " |"


def _gains(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"Macro-F1, mean of seeds: {found['seeds']}. M5 less the better of M0 and M1:"
    yield ""
    yield "| label | over | gain | 95 % interval | p, one-sided | after Holm |"
    yield "|---|---|---|---|---|---|"
    for label, told in found["labels"].items():
        for unit, gain in told["gain"].items():
            adjusted = found["p_holm"][f"{label}, {unit}"]
            yield (
                f"| {COLUMNS[label]} | {unit} | {gain['value']:+.4f} | "
                f"[{gain['low']:+.4f}, {gain['high']:+.4f}] | {gain['p']:.4f} | {adjusted:.4f} |"
            )


def _variants(result: Mapping[str, Any]) -> Iterator[str]:
    folds = result["folds_compared"]
    yield f"Outlets held out, folds compared: {folds}, one seed; macro-F1 of M0, M3, M5."
    yield ""
    yield "| reader | fusion | lean | topic | news type | ms an article, with memory |"
    yield "|---|---|---|---|---|---|"
    for found in result["variants"]:
        name = f"{found['reader']}, {found['fusion']}"
        scores = (
            ", ".join(f"{found['labels'][x]['macro_f1'][arm]:.3f}" for arm in ("M0", "M3", "M5"))
            for x in found["labels"]
        )
        yield (
            f"| {found['reader']} | {found['fusion']} | {' | '.join(scores)} | "
            f"{result['read_ms'][name]:.1f} |"
        )


def _gates(result: Mapping[str, Any]) -> Iterator[str]:
    opened = [label for label, is_open in result["gates"].items() if is_open]
    shut = [label for label, is_open in result["gates"].items() if not is_open]
    yield (
        "A gate opens when every interval above, of both protocols, lies above zero. "
        f"Open: {', '.join(opened) or 'none'}. Shut: {', '.join(shut) or 'none'}."
    )
    if not opened:
        yield "So no label of the embedded labeller reads memory, or depends on when it was made."


def _rest(result: Mapping[str, Any]) -> Iterator[str]:
    yield "Not measurable here:"
    yield ""
    for what, why in result["not_measurable"].items():
        yield f"- {what}: {why}."
    probe = result["outlet_probe"]
    yield ""
    yield (
        "**Outlet probe.** From what the lean query has read, logistic regression names one of the "
        f"40 largest held-out outlets of a fold with accuracy {probe['M0']:.3f} without and "
        f"{probe['M5']:.3f} with memory (always the most frequent one: {probe['chance']:.3f})."
    )
    yield ""
    yield (
        f"{result['networks']} networks. Events are those the project's own pointer made; "
        f"{result['resamples']:,} resamples."
    )
