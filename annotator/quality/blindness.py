"""`newsroom quality blindness`: what still tells the outlet, and what telling the party does.

Measures from `leakage` and `partyswap`, and the page that shows them with those of
`benchmarks.blindness` and of the attacks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from annotator.labellers.base import ArticleInput
from annotator.quality import leakage, partyswap, provenance
from newsroom.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from annotator.labellers.base import Labeller

CODE = ("leakage.py", "partyswap.py", "swaps.toml", "../blind.py")


def measure(
    labeller: Labeller,
    folder: Path | None,
    articles: int,
    done: Callable[[int], object] = lambda _: None,
) -> dict[str, Any]:
    """Leakage and party swap, on the data folder or on our own articles where there is none."""
    sourced = leakage.own() if folder is None else leakage.drawn(folder)
    named = leakage.leakage(sourced)
    done(len(sourced))
    naming = [
        ArticleInput(title=one.title, text=one.text)
        for one in sourced
        if partyswap.swap_parties(f"{one.title}\n{one.text}")[1]
    ]
    # The list goes outlet by outlet: equal steps through it take from all of them.
    chosen = naming[:: max(1, len(naming) // articles)][:articles]
    return {
        **provenance.about(),
        "code_digest": provenance.code_digest(*CODE),
        "data": "the demo web" if folder is None else "AllSides lean articles",
        "labeller": labeller.id,
        "labeller_revision": labeller.revision,
        "leakage": named,
        "party_swap": partyswap.measure(labeller, chosen, done),
    }


def table(found: Mapping[str, Any]) -> list[str]:
    """The result as lines of Markdown."""
    named, swap = found["leakage"], found["party_swap"]
    lines = [
        f"Data: {found['data']}, {named['outlets']} outlets.",
        f"Outlet named right in {named['folds']} folds over {named['articles']} articles:",
        "",
        "| what the classifier reads | accuracy, 95 % over articles |",
        "| --- | --- |",
        f"| nothing: the most frequent outlet | {named['most_frequent']:.3f} |",
        *(
            f"| {view} | {one['accuracy']:.3f} {_bounds(one['accuracy_95'])} |"
            for view, one in named["views"].items()
        ),
        "",
        f"Lean (−5 … +5) of `{found['labeller']}`, {swap['answered']} articles naming a party:",
        "",
        "| what trades places | mean shift | mean absolute shift | sign flips |",
        "| --- | --- | --- | ---: |",
    ]
    for name, what in (("swap", "the parties"), ("control", "neutral words, as many")):
        one = swap[name]
        lines.append(
            f"| {what} | {one['mean_shift']:+.3f} {_bounds(one['mean_shift_95'])} | "
            f"{one['mean_absolute_shift']:.3f} {_bounds(one['mean_absolute_shift_95'])} | "
            f"{one['sign_flips']:.1%} |"
        )
    lines += ["", f"Correlation of lean after the swap with its opposite: {swap['turned']:+.3f}."]
    return lines


def page_of(folder: Path) -> str:
    """docs/blindness.md from the results in a folder; Misconfigured where one is missing."""
    results = {}
    for name in ("masking", "blindness", "injection-embedded"):
        path = folder / f"{name}.json"
        if not path.is_file():
            raise Misconfigured("results-missing", f"{path} is not there: measure it first")
        results[name] = json.loads(path.read_text(encoding="utf-8"))
    from annotator.quality import injection

    return "\n".join(
        [
            PAGE_HEAD,
            *_masking(results["masking"]["sets"]),
            LEAKAGE_HEAD,
            *table(results["blindness"]),
            LEAKAGE_READING,
            *injection.table(results["injection-embedded"]),
            INJECTION_READING,
        ]
    )


def _masking(found: Mapping[str, Mapping[str, int]]) -> Sequence[str]:
    rows = (
        ("articles", "articles"),
        ("articles that name their outlet, before", "naming_before"),
        ("references to it, before", "references_before"),
        ("references left, after both steps", "references_after"),
        ("spans hidden by `annotator/blind.py`", "spans_hidden"),
        ("tokens read", "tokens"),
        ("tokens damaged by `annotator/blind.py`", "tokens_damaged_by_blind"),
        ("tokens altered by both steps", "tokens_altered_in_all"),
        ("articles whose number of sentences changed", "sentence_counts_changed"),
    )
    return [
        f"| | {' | '.join(found)} |",
        "| --- |" + " ---: |" * len(found),
        *(f"| {what} | {' | '.join(str(x[key]) for x in found.values())} |" for what, key in rows),
    ]


def _bounds(pair: Sequence[float]) -> str:
    return f"[{pair[0]:.3f}, {pair[1]:.3f}]"


PAGE_HEAD = """# Source blindness

Written by `newsroom quality blindness --page` from the results in `benchmarks/results/quality/`.

Every labeller reads an article after two steps. `annotator/blind.py` hides the article's own outlet
(its registered name, the short forms an outlet uses of itself, its site) and its own reporters; it
replaces spans and deletes nothing, so sentences keep their numbers. `annotator/masking.py`, used by
the embedded labeller at training and labelling alike, also takes other outlets' names, page
furniture and house style.

## What is left

`python -m benchmarks.blindness`, on the demo web and, where NEWSROOM_DATA_DIR is set, on real pages
of 61 sites. References are counted by searches written apart from the rules: the outlet's name and
site in any letter case, known abbreviations, short forms. A token is damaged if it stands outside
the hidden spans and is not the same afterwards.
"""
LEAKAGE_HEAD = """
## Can the outlet still be told?

`newsroom quality blindness --output benchmarks/results/quality --page docs/blindness.md`:
TF-IDF and logistic regression, cross-validated over articles.

![Leakage and party swap](../benchmarks/results/quality/blindness.png)
"""
LEAKAGE_READING = """
How to read it: 1 would be a signed article, the first row is blind guessing. What is left after
masking is topic and style: which places, sports, people and phrases an outlet prefers. No masking
takes that away without taking the article away, so labels are judged on unseen outlets besides
(annotator/heads/MODEL_CARD.md). An effect of the party swap well above that of neutral words says
that lean follows the names of parties; it does not say whether the labeller understood who is
praised and who is blamed: a labeller that understands would come near a correlation of +1.

## Attacks in the text

`newsroom quality injection --output benchmarks/results/quality`: eight families of attack in three
languages, each put at a seeded place of a made-up article. The control puts harmless text of the
same length and language into the same place, since any insertion moves a label that was close.

![Attacks by family](../benchmarks/results/quality/injection-embedded.png)
"""
INJECTION_READING = """
The embedded labeller follows no instructions, so an attack acts on it as words do: it can push an
article over a border that it was close to. The target is that at most 2 % of labels change and at
most 2 % of scores move by more than 1. Scores hold it; labels do not, and neither do they under
harmless text. What an attacker gains is what attacks change beyond harmless text, most of it in the
label of lean; how far lean then moves the way the attacker asked is the row below it.
"""
