"""``python -m annotator.quality.published > newsroom/measured.json``: measured quality for readers.

Only what was measured on what the models were not trained on, each number with what it is of.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ANNOTATOR: Final = Path(__file__).resolve().parent.parent
ARTICLES: Final = "annotator/heads/metrics.json"
SENTENCES: Final = "annotator/sentences/metrics.json"
NOT_TRAINED_ON: Final = "outlets that were not trained on (five folds)"
NOT_MEASURED: Final = (
    "agreement with human coders who read blind (alpha, kappa): nobody has coded yet",
    "lean and tone of a headline alone",
    "subtopics",
    "labels of served models: they depend on the model that is served",
    "lean of outlets outside the United States",
)

Row = dict[str, Any]


def document() -> dict[str, Any]:
    """Everything that is published."""
    return {
        "measures": [*_of_articles(), *_of_sentences()],
        "confusions": list(_confusions()),
        "not_measured": list(NOT_MEASURED),
    }


def _of_articles() -> Iterator[Row]:
    metrics = _read(ARTICLES)
    topic = metrics["topic"]
    scored: Mapping[str, Mapping[str, Any]] = {
        "lean": metrics["lean"]["ours"],
        "news_type": metrics["news_type"]["ours"],
        "topic": topic["ours"],
        "category": topic["category_ours"],
        "tone": metrics["tone"]["tone3"],
    }
    for stage, score in scored.items():
        about = _about(stage, "article", score["articles"], "articles", score["groups"], ARTICLES)
        yield from _classes(about | {"on": NOT_TRAINED_ON}, score, "")
        if stage in metrics:
            yield about | {"on": NOT_TRAINED_ON} | _number("ece", metrics[stage]["ece"], None)
    tone = metrics["tone"]
    about = _about("tone", "article", tone["tone3"]["articles"], "passages", None, ARTICLES)
    on = "passages of editorials, mean of 20 raters, " + NOT_TRAINED_ON
    yield about | {"on": on} | _number("pearson", tone["pearson"], tone["pearson_95"])


def _confusions() -> Iterator[Row]:
    """What became of each true label, for the questions with a handful of labels."""
    metrics = _read(ARTICLES)
    categories = metrics["topic"]["category_confusion_true_by_predicted"]
    counted = {
        stage: (metrics[stage]["labels"], metrics[stage]["confusion_true_by_predicted"])
        for stage in ("lean", "news_type", "tone")
    } | {"category": (categories["labels"], categories["counts"])}
    for stage, (labels, counts) in counted.items():
        n = sum(map(sum, counts))
        about = _about(stage, "article", n, "articles", None, ARTICLES)
        yield about | {"on": NOT_TRAINED_ON, "labels": labels, "counts": counts}


def _of_sentences() -> Iterator[Row]:
    reported = _read(SENTENCES)["reported"]
    outlets = " and ".join(reported["outlets"])
    on = f"sentences of {outlets}, majority of three raters, looked at once"
    for name in ("type", "tone", "focus"):
        score = reported[name]
        about = _about(
            f"sentence_{name}", "sentence", score["sentences"], "sentences", None, SENTENCES
        )
        yield from _classes(about | {"on": on}, score, "_over_articles")


def _classes(about: Row, score: Mapping[str, Any], over: str) -> Iterator[Row]:
    for name in ("accuracy", "macro_f1"):
        yield about | _number(name, score[name], score.get(f"{name}_95{over}"))


def _about(stage: str, scope: str, n: int, unit: str, outlets: int | None, source: str) -> Row:
    return {
        "labeller": "embedded",
        "stage": stage,
        "scope": scope,
        "n": n,
        "unit": unit,
        "outlets": outlets,
        "source": source,
    }


def _number(measure: str, value: float, interval: list[float] | None) -> Row:
    low, high = interval or (None, None)
    return {"measure": measure, "value": value, "low": low, "high": high}


def _read(name: str) -> dict[str, Any]:
    found = json.loads((ANNOTATOR.parent / name).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=1, ensure_ascii=False) + "\n")
