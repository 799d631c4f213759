"""How good a pointer is: pairs, decisions, the events they make, and the first grouping beside."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import average_precision_score

from annotator.encoder import masked_parts, pooled
from annotator.events.cluster import EVENT, grow
from annotator.events.scores import b_cubed
from annotator.events.signature import LEAD_CHARS, Signatures, word_rows
from annotator.heads.evaluate import calibration_error
from annotator.links.replay import Replay, decide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from annotator.links.data import Article
    from annotator.links.replay import Decided
    from memory_lm.link import LinkHead

Measures = dict[str, float]
# Below it are the many pairs that any head gets right, which make every calibration look good.
OPEN_FROM = 0.2


def likeness(
    told: Sequence[Replay], head: LinkHead
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """P(same event) of every pair of some replays, and whether it is so."""
    pairs = [replay.pairs() for replay in told]
    chances = np.concatenate([head.pair.probabilities(p.rows)[:, 1] for p in pairs])
    return chances, np.concatenate([p.labels == 1 for p in pairs])


def scored(told: Sequence[Replay], head: LinkHead) -> Measures:
    """Means over replays of one kind; pairs are put together."""
    chances, same = likeness(told, head)
    two = np.column_stack((1 - chances, chances))
    open_ = chances >= OPEN_FROM
    runs = [_decisions(replay, decide(replay, head)) for replay in told]
    return {
        "pairs": len(same),
        "average_precision": round(float(average_precision_score(same, chances)), 4),
        "calibration_error": round(calibration_error(two, same.astype(np.int64)), 4),
        "open_pairs": int(open_.sum()),
        "open_pairs_promised": round(float(chances[open_].mean()), 4),
        "open_pairs_found": round(float(same[open_].mean()), 4),
        **{name: round(mean(run[name] for run in runs), 4) for name in runs[0]},
        "b_cubed_f1_worst": round(min(run["b_cubed_f1"] for run in runs), 4),
    }


def _decisions(told: Replay, made: Decided) -> Measures:
    seen: set[str] = set()
    right = new_found = new_true = new_both = 0
    for at, other in made.pointed:
        truly_new = str(told.event[at]) not in seen
        seen.add(str(told.event[at]))
        new_true += truly_new
        new_found += other < 0
        new_both += truly_new and other < 0
        right += truly_new if other < 0 else told.event[other] == told.event[at]
    score = b_cubed(told.event.tolist(), made.event.tolist())
    return {
        "articles": len(told.event), "events": len(seen),
        "pointer_accuracy": right / len(told.event),
        "new_precision": new_both / max(new_found, 1), "new_recall": new_both / new_true,
        "b_cubed_precision": score.precision, "b_cubed_recall": score.recall,
        "b_cubed_f1": score.f1,
    }  # fmt: skip


def first_grouping(
    articles: Sequence[Article], vectors: Mapping[str, NDArray[np.float32]]
) -> Measures:
    """The batch grouping that ships, on the same articles without dates (it sees all at once)."""
    leads = [f"{article.title}\n{article.body[:LEAD_CHARS]}" for article in articles]
    dense = np.stack([vectors[article.article_id] for article in articles])
    sign = Signatures(dense=dense, words=word_rows(leads), day=np.full(len(leads), np.nan))
    label = grow(sign, np.arange(len(leads)), EVENT)
    score = b_cubed([article.event for article in articles], label.tolist())
    return {
        "b_cubed_precision": round(score.precision, 4),
        "b_cubed_recall": round(score.recall, 4), "b_cubed_f1": round(score.f1, 4),
    }  # fmt: skip


def article_vectors(articles: Sequence[Article]) -> dict[str, NDArray[np.float32]]:
    """The vectors of the first grouping."""
    parts, _ = masked_parts([(article.title, article.body) for article in articles])
    names = [article.article_id for article in articles]
    return dict(zip(names, pooled(parts), strict=True))
