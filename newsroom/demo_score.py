"""How well the pipeline did on the demo, against the truth written beside it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import correlation, fmean
from typing import Any

import scraper.demo
from annotator.codebook.loader import load, mbd_crosswalk
from annotator.events.scores import b_cubed
from newsroom.db import Conn
from newsroom.store import totals
from newsroom.urls import canonical

TRUTH = Path(scraper.demo.__file__).with_name("truth.json")
LEAN_SIDE = 1.5  # within ±1.5 of the middle of the −5 … +5 scale counts as center


def score(conn: Conn) -> dict[str, float | int]:
    """Measures by name: what was found of the truth, grouping, and agreement of labels."""
    return compare(truth(), totals.labelled(conn))


def truth() -> dict[str, dict[str, Any]]:
    """Every true article, by canonical address."""
    articles = json.loads(TRUTH.read_text(encoding="utf-8"))["articles"]
    return {canonical(a["url"]): a for a in articles}


def compare(
    wanted: Mapping[str, Mapping[str, Any]], rows: Iterable[Mapping[str, Any]]
) -> dict[str, float | int]:
    """Compare stored rows (one a label) with the truth. Absent labels are left out, and counted."""
    found: dict[str, Mapping[str, Any]] = {}
    labels: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for row in rows:
        url = canonical(row["url"])
        found[url] = row
        if row["stage"] is not None:
            labels[url][row["stage"]] = row
    common = sorted(set(wanted) & set(found))
    result: dict[str, float | int] = {
        "articles missing": len(set(wanted) - set(found)),
        "articles too many": len(set(found) - set(wanted)),
    }
    if not common:
        return result
    for level in ("event", "story"):
        got = b_cubed(
            [wanted[u][f"{level}_id"] for u in common], [found[u][f"{level}_id"] for u in common]
        )
        result[f"{level} B-cubed F1"] = round(got.f1, 3)
    return result | _agreement([(wanted[u], labels[u]) for u in common])


def _agreement(
    pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]],
) -> dict[str, float | int]:
    names = {entry.id: entry.name for entry in load().questions["category"].labels}
    to_mbd = mbd_crosswalk().topic_to_mbd
    result: dict[str, float | int] = {}
    category = [(t["category"], names[s["category"]["label"]]) for t, s in pairs if "category" in s]
    topic = [(t["topic"], to_mbd[s["topic"]["label"]]) for t, s in pairs if "topic" in s]
    # No head was trained for analysis pieces, so they cannot be right and are left out.
    kind = [
        (t["news_type"], s["news_type"]["label"])
        for t, s in pairs
        if "news_type" in s and t["news_type"] != "news analysis"
    ]
    lean = [(_side(t["lean"]), s["lean"]["label"]) for t, s in pairs if "lean" in s]
    for name, both in (
        ("category", category),
        ("topic", topic),
        ("news type", kind),
        ("lean side", lean),
    ):
        if both:
            result[f"{name} accuracy"] = round(fmean(a == b for a, b in both), 3)
    for name in ("lean", "tone"):
        scores = [(float(t[name]), s[name]["score"]) for t, s in pairs if name in s]
        if len(scores) > 2:
            result[f"{name} Pearson"] = round(correlation(*zip(*scores, strict=True)), 3)
    return result


def _side(lean: float) -> str:
    return "left" if lean < -LEAN_SIDE else "right" if lean > LEAN_SIDE else "center"
