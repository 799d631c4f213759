"""Can a classifier name the outlet from what a labeller reads? Raw, own names hidden, masked.

TF-IDF and logistic regression, cross-validated over articles, beside always saying the most
frequent outlet. Masking takes names and furniture, not what an outlet writes about and how: some
of that is left in any text that is worth labelling.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from annotator.blind import blind
from annotator.heads.evaluate import interval
from annotator.masking import mask
from annotator.quality import fixtures
from newsroom.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

OUTLETS, PER_OUTLET, FOLDS = 40, 60, 5
SEED = 0
# What the data's source column adds to a name: the section, or how it was read.
SECTIONS = (" - News", " - Opinion", " - Editorial", " (Online)", " Online News", " Online")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """An article and whose it is."""

    title: str
    text: str
    outlet: str
    domain: str
    bylines: tuple[str, ...] = ()


def own() -> list[Sourced]:
    """The made-up articles of the demo web."""
    return [
        Sourced(
            title=one.article.title, text=one.article.text, outlet=one.outlet, domain=one.domain,
            bylines=one.bylines,
        )
        for one in fixtures.demo()
    ]  # fmt: skip


def drawn(folder: Path, outlets: int = OUTLETS, per_outlet: int = PER_OUTLET) -> list[Sourced]:
    """As many articles of each of the most frequent outlets of the lean articles."""
    from annotator.heads import data

    by_domain: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in data.lean_rows(folder):
        by_domain[row["domain"]].append(row)
    largest = sorted(by_domain, key=lambda name: (-len(by_domain[name]), name))[:outlets]
    rng = np.random.default_rng(SEED)
    found = []
    for domain in largest:
        rows = by_domain[domain]
        name = Counter(_name(row["source"]) for row in rows).most_common(1)[0][0]
        found += [
            Sourced(title=row["title"] or "", text=row["text"], outlet=name, domain=domain)
            for row in (rows[i] for i in rng.permutation(len(rows))[:per_outlet].tolist())
        ]
    return found


# What a classifier is shown of an article.
VIEWS: dict[str, Callable[[Sourced], str]] = {
    "raw": lambda one: f"{one.title}\n{one.text}",
    "own names hidden": lambda one: "\n".join(_blinded(one)),
    "masked": lambda one: f"{mask(one.title)}\n{mask(one.text)}",
    "own names hidden, then masked": lambda one: "\n".join(map(mask, _blinded(one))),
}


def leakage(articles: Sequence[Sourced], folds: int = FOLDS) -> dict[str, Any]:
    """Accuracy at naming the outlet by what is shown; intervals are over articles.

    BadRequest ``too-few-articles`` where an outlet has fewer articles than there are folds.
    """
    counts = Counter(one.domain for one in articles)
    if len(counts) < 2 or min(counts.values()) < folds:
        raise BadRequest("too-few-articles", f"every outlet needs {folds} articles")
    names = sorted(counts)
    truth = np.array([names.index(one.domain) for one in articles])
    fold = _folds(truth, folds)
    views = {
        view: _named([shown(one) for one in articles], truth, fold) for view, shown in VIEWS.items()
    }
    return {
        "outlets": len(names),
        "articles": len(articles),
        "folds": folds,
        "most_frequent": max(counts.values()) / len(articles),
        "views": {view: _accuracy(said == truth) for view, said in views.items()},
    }


def _named(
    texts: Sequence[str], truth: NDArray[np.int64], fold: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The outlet named for each text by a classifier that never saw it."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline

    said = np.empty_like(truth)
    for k in range(int(fold.max()) + 1):
        model = make_pipeline(
            TfidfVectorizer(min_df=2, max_features=20_000, sublinear_tf=True),
            OneVsRestClassifier(LogisticRegression(C=20.0, solver="liblinear")),
        )
        seen = fold != k
        model.fit([t for t, known in zip(texts, seen, strict=True) if known], truth[seen])
        said[~seen] = model.predict([t for t, known in zip(texts, seen, strict=True) if not known])
    return said


def _folds(truth: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """A fold for each article, every outlet spread over all of them."""
    rng = np.random.default_rng(SEED)
    fold = np.empty_like(truth)
    for outlet in np.unique(truth):
        rows = rng.permutation(np.flatnonzero(truth == outlet))
        fold[rows] = np.arange(len(rows)) % folds
    return fold


def _accuracy(right: NDArray[np.bool_]) -> dict[str, Any]:
    each = np.arange(len(right)).astype(str)
    return {
        "accuracy": float(right.mean()),
        "accuracy_95": interval(each, lambda rows: float(right[rows].mean()), SEED),
    }


def _blinded(one: Sourced) -> tuple[str, str]:
    found = blind(one.title, one.text, names=[one.outlet], domain=one.domain, bylines=one.bylines)
    return found.title, found.text


def _name(source: str) -> str:
    for section in SECTIONS:
        source = source.removesuffix(section)
    return source
