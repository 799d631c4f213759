"""Fixed answers of the API about one article's history, disputes, measured quality, two runs."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

WHEN = "2026-11-12T18:00:00Z"
EARLIER = "2026-11-05T10:00:00Z"


def _list(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    meta = {"limit": len(rows), "total": len(rows)} | more
    return {"data": rows, "next_cursor": None, "meta": meta}


def revisions(row: dict[str, Any]) -> dict[str, Any]:
    """Two versions of the first article, one of any other."""
    version = {
        "title": row["title"], "words": row["words"], "fetched_at": EARLIER, "superseded_at": None,
        "content_sha256": "9f" * 32, "bylines": row["bylines"], "published_at": EARLIER,
        "modified_at": None, "extractor": "x", "labels": row["labels"],
    }  # fmt: skip
    changes = [
        {
            "before": 1, "after": 2, "not_after": EARLIER, "seen_at": WHEN, "kind": "silent-edit",
            "title_changed": True, "words_added": 12, "words_removed": 3, "note": row["title"],
            "reader_changed": True, "sentences_changed": 5,
            "title": [{"op": "removed", "text": "Old "}, {"op": "same", "text": row["title"]}],
            "sentences": [
                {"op": "changed", "before": "The vote was 52 to 47.", "after": "The vote was 53 to 46."},
                {"op": "added", "before": None, "after": row["title"]},
            ],
        }
    ]  # fmt: skip
    looks = [{"finding": "shown", "revision": 1, "first_at": EARLIER, "last_at": WHEN, "looks": 3}]
    rows = [version | {"revision": n} for n in range(row["revision"], 0, -1)]
    more = {"changes": changes if len(rows) > 1 else [], "sightings": looks}
    return _list(rows) | more


def placement(row: dict[str, Any]) -> dict[str, Any]:
    """A stay with two headlines."""
    return {
        "publisher_id": row["publisher_id"], "first_seen": EARLIER, "last_seen": WHEN,
        "best_rank": 3, "best_rank_at": EARLIER, "hours_on_page": 7.5, "looks": 4, "shown": 3,
        "gaps": 1,
        "headlines": [
            {"text": text, "first_seen": EARLIER, "last_seen": WHEN}
            for text in (row["title"], "Another try")
        ],
    }  # fmt: skip


def dispute(row: dict[str, Any], number: int) -> dict[str, Any]:
    """An open dispute, or a decided one."""
    open_ = number % 2 == 1
    return {
        "dispute_id": number, "article_id": row["article_id"], "content_sha256": "9f" * 32,
        "run_id": "5d" * 16, "stage": "lean", "scope": "article", "sentence": None,
        "wrong": "label", "suggested_label": "center", "suggested_score": None,
        "reason": row["title"], "by": "human:ada", "made_at": WHEN,
        "state": "open" if open_ else "resolved", "outcome": None if open_ else "declined",
        "note": None if open_ else "Read again.", "resolved_by": None if open_ else "human:bo",
        "resolved_at": None if open_ else WHEN,
    }  # fmt: skip


def override(row: dict[str, Any]) -> dict[str, Any]:
    """A person's label of a sentence."""
    return {
        "override_id": 7, "annotation_id": 1, "article_id": row["article_id"], "run_id": "7f" * 16,
        "content_sha256": "9f" * 32, "overridden": "5d" * 16, "stage": "sentence_type",
        "scope": "sentence", "sentence": 3, "label": "opinion", "score": None,
        "reason": row["title"], "evidence": [], "dispute_id": None, "by": "human:ada",
        "made_at": WHEN, "current": False,
    }  # fmt: skip


def change(row: dict[str, Any], kind: str) -> dict[str, Any]:
    """An entry of the change log."""
    about = {
        "dispute": {"article_id": row["article_id"]},
        "takedown": {"article_id": "ab" * 16},
        "event-edit": {"event_id": row["event_id"], "details": {"level": "story"}},
        "promotion": {"run_id": "5d" * 16},
    }[kind]
    nothing = {"article_id": None, "event_id": None, "run_id": None, "details": {}}
    entry = {"at": WHEN, "change_id": f"{kind}-1", "kind": kind, "by": "human:ada"}
    return entry | {"reason": row["title"]} | nothing | about


def quality() -> dict[str, Any]:
    """Two questions measured, one with its mistakes."""
    about = {"labeller": "embedded", "scope": "article", "unit": "articles", "outlets": 9,
             "on": "outlets that were not trained on", "source": "x"}  # fmt: skip
    interval = {"low": 0.41, "high": 0.5}
    rows = [
        about | {"stage": "tone", "measure": "accuracy", "value": 0.62, "n": 90} | interval,
        about | {"stage": "lean", "measure": "accuracy", "value": 0.45, "n": 300} | interval,
        about | {"stage": "lean", "measure": "macro_f1", "value": 0.44, "n": 300} | interval,
        about | {"stage": "lean", "measure": "ece", "value": 0.0154, "n": 300, "low": None, "high": None},
    ]  # fmt: skip
    counts = [[45, 27, 28], [34, 38, 28], [27, 20, 53]]
    mistaken = about | {"stage": "lean", "labels": ["left", "center", "right"], "counts": counts,
                        "n": 300}  # fmt: skip
    return {"data": rows, "confusions": [mistaken], "next_cursor": None,
            "meta": {"not_measured": ["subtopics"]}}  # fmt: skip


def comparison(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Two runs that agree on four labels of five."""
    of_all = {
        "articles": 40, "compared": 40, "agreement": {"value": 0.8, "low": 0.65, "high": 0.9},
        "scored": 40, "mean_a": -0.4, "mean_b": -0.2,
        "shift": {"value": 0.2, "low": 0.1, "high": 0.3},
    }  # fmt: skip
    flips = [{"label_a": "left", "label_b": "center", "n": 8}]
    lean = {"stage": "lean", "scope": "article", "only_a": 0, "only_b": 0, "change": of_all,
            "labels": [], "flips": flips, "outlets": [], "outlets_few": 0}  # fmt: skip
    outcomes = [{"a": "labelled", "b": "labelled", "n": 40}, {"a": "labelled", "b": None, "n": 80}]
    return {"a": a, "b": b, "panel": None, "articles": 40, "outcomes": outcomes,
            "questions": [lean]}  # fmt: skip


def add(app: FastAPI, rows: list[dict[str, Any]], runs: tuple[dict[str, Any], ...]) -> None:
    """The routes, over the same rows as the others."""
    by_id = {row["article_id"]: row for row in rows}
    first = by_id.get(f"{0:032x}")

    @app.get("/v1/articles/{article_id}/revisions")
    def get_revisions(article_id: str) -> Any:
        return revisions(by_id[article_id])

    @app.get("/v1/articles/{article_id}/placements")
    def get_placements(article_id: str) -> Any:
        return _list([placement(by_id[article_id])])

    @app.get("/v1/disputes")
    def get_disputes(article: str) -> Any:
        return _list([dispute(by_id[article], n) for n in (2, 1)])

    @app.get("/v1/overrides")
    def get_overrides(article: str) -> Any:
        return _list([override(by_id[article])])

    @app.get("/v1/changes")
    def get_changes() -> Any:
        kinds = ("dispute", "takedown", "event-edit", "promotion")
        return _list([change(first, kind) for kind in kinds] if first else [])

    @app.get("/v1/quality")
    def get_quality() -> Any:
        return quality()

    @app.get("/v1/runs/compare")
    def get_comparison(a: str, b: str) -> Any:
        by_run = {run["run_id"]: run for run in runs}
        return comparison(by_run[a], by_run[b])
