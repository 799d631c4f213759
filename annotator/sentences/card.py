"""The model card and the figure of the sentence heads, written from their measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from matplotlib.axes import Axes

NAMES = ("type", "tone", "focus")
# Set before anything was measured.
TARGETS = {
    ("type", "accuracy"): 0.72,
    ("type", "macro_f1"): 0.50,
    ("tone", "accuracy"): 0.80,
    ("tone", "macro_f1"): 0.60,
    ("focus", "accuracy"): 0.82,
}
HEAD = """# Model card: the labels of sentences

Type (fact, opinion, quote, borderline, other), tone (negative, neutral, positive) and focus
(democrat, republican, both, neither) of every sentence, by linear heads over (1) columns that rules
read off the sentence and its neighbours: marks of quotation followed over sentences, speech verbs,
wording, page notices, VADER, mentions of US parties and their figures (`parties.toml`) and who is
speaking; (2) the frozen MiniLM-L6 vector of the sentence, for type and tone; (3) weak heads trained
on large sets with labels near to these. Outlet names are masked first. Decision 0009 says why.
`python -m annotator.sentences.train --data DIR --cache DIR` writes the weights again,
`python -m annotator.sentences.measure --data DIR` measures them and writes this card.
"""
DATA = """## Data and licences

| what | used for | licence |
| --- | --- | --- |
| {rated:,} sentences of {rated_articles} AllSides articles of 63 outlets, none of \
those measured on, `rated.tsv` | type, tone, focus | articles Apache-2.0 compilation, text not \
shipped; labels ours |
| {written} made-up sentences, `written.tsv` | type, tone, focus | ours |
| sentences of opinion and news pages (types by URL) | weak head: opinion page | Apache-2.0 |
| NYT editorial passages with mean valence of 20 raters | weak head: valence | MIT |
| NewsMTSC sentences | weak head: sentiment toward a target | MIT |
| VADER lexicon (vaderSentiment), as it is | columns of tone and type | MIT |

The rated sentences were labelled once, in their articles, by a large language model that knew the
published definitions of the labels and had read the ratings of the two tuning outlets, not by
people: their held-out figures tell agreement with that one reader. People's ratings (Media Bias
Detector, majority of three) were used for measuring, and two of their four outlets for choosing
settings; no weight was fitted to them, nor to BABE or CheckThat. The opinion and news pages of the
weak head are of 2012 to 2020; a tenth are of usatoday, an outlet reported on.
"""
MEANING = """## What the numbers mean

- The reported outlets were labelled after every choice was made. Their sentences come from few
  articles, and ten of them are opinion or borderline in all, none of which was found, so read the
  intervals over articles. Tone is close to what always saying neutral earns in accuracy, and earns
  its place in macro-F1 only.
- Borderline is a label that raters themselves seldom agree on. Counts of an article are sums of
  labels, not of probabilities; rare labels are under-counted.
- A sentence alone is read without its neighbours: quotations that run over several sentences and
  pronouns lose their speaker.
- A list cut at full stops leaves the closing mark of a quotation at the head of the next sentence;
  such a sentence is mostly called a quote, because raters mostly call it one.
- Focus says whose figures a sentence is about, never whom it favours. The White House and the
  president count for the party in office: by the article's date, else by whom the article calls
  president, else for nobody. The two parties are treated alike by construction (trained on every
  sentence with the parties exchanged too); the lists of figures are ours and end in 2025.
- An empty sentence is other, neutral and neither. A sentence of six words or more without one
  English function word is labelled with its probabilities drawn halfway to even. Of a sentence
  longer than 2,000 characters the first 2,000 are read.

## Not for

- Judging one sentence, writer or outlet; facts: no label knows whether anything is true.
- Texts that are not English news; parties of other countries.
"""


def page(measures: Mapping[str, Any]) -> str:
    """The card in Markdown."""
    parts = [HEAD, DATA.format(**measures["sentences"]), *_quality(measures), MEANING]
    return "\n".join(parts)


def draw(measures: Mapping[str, Any], path: Path) -> None:
    """Confusions of the reported outlets as shares of the true label, one panel for each head."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    for name, axis in zip(NAMES, axes, strict=True):
        _panel(axis, name, measures["reported"][name])
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _panel(axis: Axes, name: str, found: Mapping[str, Any]) -> None:
    table = np.array(found["confusion_true_by_predicted"])
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(table):
        for j, count in enumerate(row):
            axis.text(j, i, str(count), ha="center", va="center",
                      color="white" if share[i, j] > 0.6 else "black")  # fmt: skip
    axis.set_xticks(range(len(table)), found["labels"], rotation=30)
    axis.set_yticks(range(len(table)), found["labels"])
    axis.set_xlabel("given")
    axis.set_ylabel("rated")
    axis.set_title(f"{name}: accuracy {found['accuracy']:.2f}, macro-F1 {found['macro_f1']:.2f}")


def _quality(measures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Quality\n"
    sections = (
        ("tuned_on", "Tuning outlets", "looked at while settings were chosen"),
        ("reported", "Reported outlets", "looked at once, after everything was chosen"),
    )
    for key, title, why in sections:
        found = measures[key]
        yield f"### {title}: {' and '.join(found['outlets'])}\n"
        some = found["type"]
        yield (
            f"{some['sentences']} sentences of {some['articles']} articles, rated by three people; "
            f"{why}. Intervals are 95 %, bootstrapped over sentences, then over articles.\n"
        )
        yield from _table(found)
    yield from _targets(measures["reported"])
    yield "### Rated articles, held out by article (one reader, see above)\n"
    yield from _table(measures["own"])
    for name in NAMES:
        yield from _confusion(name, measures["reported"][name])
    pace = measures["speed"]
    yield (
        f"Speed: {pace['sentences_per_cpu_s']:.0f} sentences a CPU-second "
        f"({pace['sentences']:,} sentences of training articles, encoder warm).\n"
    )


def _targets(found: Mapping[str, Any]) -> Iterator[str]:
    yield "Set beforehand for the reported outlets:\n"
    for (name, what), target in TARGETS.items():
        value = found[name][what]
        verdict = "reached" if value >= target else "**missed**"
        yield f"- {name}, {what.replace('_', '-')}: {target:.2f}, {verdict} ({value:.3f})"
    yield ""


def _table(found: Mapping[str, Any]) -> Iterator[str]:
    yield "| label | accuracy | macro-F1 | constant predictor | each sentence alone | ECE |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name in NAMES:
        one = found[name]
        constant = one["constant"]
        alone = one.get("alone")
        by_itself = f"{alone['accuracy']:.3f}, {alone['macro_f1']:.3f}" if alone else "not run"
        yield (
            f"| {name} | **{one['accuracy']:.3f}** {_pairs(one, 'accuracy')} "
            f"| **{one['macro_f1']:.3f}** {_pairs(one, 'macro_f1')} "
            f"| {constant['accuracy']:.3f}, {constant['macro_f1']:.3f} | {by_itself} "
            f"| {one['ece']:.3f} |"
        )
    yield ""


def _confusion(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    labels = found["labels"]
    yield f"Reported outlets, {name}:\n"
    yield f"| rated \\ given | {' | '.join(labels)} | F1 |"
    yield "| --- |" + " ---: |" * (len(labels) + 1)
    for label, row in zip(labels, found["confusion_true_by_predicted"], strict=True):
        f1 = found["f1_by_label"][label]
        told = "none" if f1 is None else f"{f1:.2f}"
        yield f"| {label} | {' | '.join(map(str, row))} | {told} |"
    yield ""


def _pairs(one: Mapping[str, Any], what: str) -> str:
    ends = (one[f"{what}_95_over_sentences"], one[f"{what}_95_over_articles"])
    return " ".join(f"[{low:.2f}, {high:.2f}]" for low, high in ends)
