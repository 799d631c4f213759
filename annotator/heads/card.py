"""The model card, written from the measures: `python -m annotator.heads.report` keeps it true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

HEAD = """# Model card: the embedded labeller

It gives lean, tone, topic (and through it category) and news type. Each label joins (1) a residual
side network (0.96 million parameters) that reads the frozen MiniLM-L6 encoder layer by layer over
the headline and the first four chunks of 128 tokens, through Local Linear Attention, (2) linear
heads on two vectors of the encoder, title and opening, and (3) on words and word pairs of the title
and the first 2,600 characters that at least 25 outlets use. Tone also reads the VADER lexicon,
sentence by sentence. Outlet names, bylines, page furniture and house style are masked first
(`annotator/masking.py`). The outlet is never an input. The numbers are those of `metrics.json`:
`python -m annotator.heads.train --data DIR --cache DIR` writes it and the weights again,
`python -m annotator.heads.report` this card.
"""

DATA = """## Data and licences

| set | used for | licence of labels and compilation |
| --- | --- | --- |
| AllSides articles (Article-Bias-Prediction), 27,252: words of all; four chunks of at most 150 of \
an outlet and 250 of an outlet and type, {whole}; one chunk of the others | lean, topic | \
Apache-2.0 |
| article types from URL sections of the same articles, 4,704 | news type | Apache-2.0 |
| HuffPost section labels, headline and description (weight 0.3) | topic | not stated where found |
| NYT editorial snippets with mean valence of 20 raters: 3,592 | tone | MIT |
| NewsMTSC sentences (weight 0.1) | tone | MIT |
| VADER lexicon (vaderSentiment 3.3.2), as it is | tone | MIT |

The articles are their publishers' copyright: no text is in the weights files, only counts of words
that many outlets use. Most training articles are of 2012 to 2020 and of US outlets. The snippets
come from the same authors as the lexicon, whose words were rated by other people, one by one.
"""

QUALITY = """## Quality on unseen outlets

The five publisher folds of the data: no outlet is on both sides. Intervals are 95 %, bootstrapped
over outlets (tone: over documents). All columns are judged on the same rows, the articles read
whole. TF-IDF is logistic regression on words and word pairs of the masked text, trained as ours is
on every row of the other folds.
"""

MEANING = """## What the numbers mean

- Lean labels of the training set are nearly always inherited from the outlet. On unseen outlets the
  label is far from reliable: four or five articles in ten are right where chance is one in three.
  Read averages over many articles of an outlet, with an interval, never one article.
- The lean score is the expectation of left = -3, center = 0, right = +3 (`scale: mapped3`);
  calibrated probabilities are close to even, so scores stay near 0. That is the honest size of the
  signal.
- Headline lean is the same label on the headline alone and is **unvalidated**.
- Tone was trained on sentences of editorials and is applied to whole articles, where it is
  **unvalidated**.
- Confidence is the probability of the label after calibration on unseen outlets.
- Evidence sentences are those whose words push the n-gram part most toward a label; the other
  parts cannot be traced.
- Disasters, science, sports and technology have few training articles each.
- Choices were made while looking at these folds (regularisation, weights, vocabulary, epochs), so
  the figures are a little too kind; the mix of the parts is fitted on the other folds alone.

## Not for

- Judging a single article, journalist or outlet; ranking outlets without intervals.
- Moderation, advertising or any decision about people.
- Texts that are not English news; news of other countries, whose sides are not those of the United
  States.
- `news analysis`: nothing was trained for it, and it is never given.
- Facts: no label knows whether anything is true.
"""


def page(measures: Mapping[str, Any]) -> str:
    """The card in Markdown."""
    lean, kind, topic, tone = (measures[name] for name in ("lean", "news_type", "topic", "tone"))
    whole = f"{lean['ours']['articles']:,}"
    parts = [
        HEAD, DATA.format(whole=whole), QUALITY, "\n".join(_table(lean, kind, topic, tone)),
        "\n".join(_told(lean, kind, topic, tone)), "\n".join(_memory(measures)),
        "### Confusion, held-out\n",
    ]  # fmt: skip
    for name, labels, counts in (
        ("Lean", lean["labels"], lean["confusion_true_by_predicted"]),
        ("News type", kind["labels"], kind["confusion_true_by_predicted"]),
        ("Tone", tone["labels"], tone["confusion_true_by_predicted"]),
        (
            "Topic as 12 groups",
            topic["coarse_confusion_true_by_predicted"]["labels"],
            topic["coarse_confusion_true_by_predicted"]["counts"],
        ),
    ):
        parts.append("\n".join(_confusion(name, labels, counts)))
    return "\n".join([*parts, MEANING])


def _table(
    lean: Mapping[str, Any], kind: Mapping[str, Any], topic: Mapping[str, Any],
    tone: Mapping[str, Any],
) -> Iterator[str]:  # fmt: skip
    yield "| label | ours, macro-F1 | n-grams alone | vectors alone | side alone | TF-IDF | ECE |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, found in (("lean, 3 classes", lean), ("news type, 2 classes", kind)):
        yield _row(name, found, "", _interval(found["tfidf"]), f"{found['ece']:.3f}")
    yield _row("topic, 32 classes", topic, "", "not run", f"{topic['ece']:.3f}")
    yield _row("topic read as 12 coarse groups", topic, "coarse_", "not run", "")
    yield _row("category, classes with training articles", topic, "category_", "not run", "")
    yield (
        f"| tone, 3 classes | **{_interval(tone['tone3'])}** | not run | not run | not run | "
        f"not run | {tone['ece']:.3f} |"
    )
    yield ""


def _row(name: str, found: Mapping[str, Any], prefix: str, tfidf: str, ece: str) -> str:
    ours = _interval(found[f"{prefix}ours"])
    alone = (_alone(found.get(f"{prefix}{part}")) for part in ("ngrams", "vectors", "side"))
    return f"| {name} | **{ours}** | {' | '.join(alone)} | {tfidf} | {ece} |"


def _told(
    lean: Mapping[str, Any], kind: Mapping[str, Any], topic: Mapping[str, Any],
    tone: Mapping[str, Any],
) -> Iterator[str]:  # fmt: skip
    yield (
        f"Ours less TF-IDF, paired over outlets: lean {_pair(lean['ours_minus_tfidf_95'])}, "
        f"news type {_pair(kind['ours_minus_tfidf_95'])}."
    )
    yield (
        f"Tone as a number: Pearson {tone['pearson']:.3f} {_pair(tone['pearson_95'])} with the "
        f"mean of 20 raters, on passages of unseen editorials (ridge regression alone "
        f"{tone['ridge_pearson']:.3f}, side network alone {tone['side_pearson']:.3f}, lexicon "
        f"alone {tone['lexicon_pearson']:.3f})."
    )
    accuracy = {
        "lean": lean["ours"], "news type": kind["ours"], "topic": topic["ours"],
        "12 groups": topic["coarse_ours"], "category": topic["category_ours"],
    }  # fmt: skip
    told = ", ".join(f"{name} {found['accuracy']:.3f}" for name, found in accuracy.items())
    yield f"Accuracy: {told}."
    folds = (
        f"{name} {', '.join(f'{x:.2f}' for x in lean['macro_f1_by_fold'][arm])}"
        for name, arm in (("ours", "ours"), ("TF-IDF", "tfidf"))
    )
    yield f"Lean by fold: {'; '.join(folds)}."
    yield ""


def _memory(measures: Mapping[str, Any]) -> Iterator[str]:
    opened = measures["gates_open"]
    yield "## Memory"
    yield ""
    yield (
        "The side network could read what was remembered of earlier coverage. Whether a label may "
        "is decided by `newsroom memory ablate` (docs/memory-ablation.md): the gate of a label "
        "whose gain does not exclude zero is forced to 0. "
        f"Gates that are open: {', '.join(opened) or 'none'}."
    )
    spent = measures["training"]
    yield (
        f"Training took {spent['cpu_s'] / 60:.0f} minutes of CPU on cached encodings, "
        f"{spent['of_networks_cpu_s'] / 60:.0f} of them for six side networks."
    )
    yield ""


def _confusion(name: str, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> Iterator[str]:
    yield f"{name}:\n"
    yield f"| true \\ predicted | {' | '.join(labels)} |"
    yield "| --- |" + " ---: |" * len(labels)
    for label, row in zip(labels, counts, strict=True):
        yield f"| {label} | {' | '.join(map(str, row))} |"
    yield ""


def _alone(scored: Mapping[str, Any] | None) -> str:
    return "not read" if scored is None else f"{scored['macro_f1']:.3f}"


def _interval(scored: Mapping[str, Any]) -> str:
    return f"{scored['macro_f1']:.3f} {_pair(scored['macro_f1_95'])}"


def _pair(ends: Sequence[float]) -> str:
    return f"[{ends[0]:.3f}, {ends[1]:.3f}]"
