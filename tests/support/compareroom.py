"""Labels of sentences and whole numbers of scales for the fixed rows, and their comparison."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request

SHARES = {"fact": 0.6, "quote": 0.2, "opinion": 0.1, "borderline": 0.06, "other": 0.04}
MEASURES = ("lean", "tone", "headline_lean", "fact_sentences", "opinion_sentences",
            "quote_sentences", "borderline_sentences", "negative_sentences", "party_balance")  # fmt: skip


def labels_of(row: dict[str, Any]) -> dict[str, Any]:
    """The labels of a row, with what is read off its sentences and its scores."""
    labels = row["labels"] or {}
    if labels.get("lean") is None:
        return labels
    lean = labels["lean"]
    return labels | {
        **{f"{label}_sentences": share for label, share in SHARES.items()},
        "negative_sentences": 0.2,
        "party_balance": max(-1.0, min(1.0, -lean / 3)),
        "lean_bin": round(lean),
        "tone_bin": round(labels["tone"]),
    }


def _side(values: list[float]) -> dict[str, Any]:
    if not values:
        return {"n": 0, "value": None, "ci_low": None, "ci_high": None}
    mean = sum(values) / len(values)
    return {"n": len(values), "value": mean, "ci_low": mean - 0.2, "ci_high": mean + 0.2}


def _compared(measure: str, label: str | None, a: list[float], b: list[float]) -> dict[str, Any]:
    one, other = _side(a), _side(b)
    known = one["n"] and other["n"]
    apart = one["value"] - other["value"] if known else None
    tested = min(one["n"], other["n"]) >= 30
    return {
        "measure": measure, "label": label, "kind": "share" if label else "mean", "a": one, "b": other,
        "difference": apart, "ci_low": None if apart is None else apart - 0.3,
        "ci_high": None if apart is None else apart + 0.3, "p_adjusted": 0.01 if tested else None,
        "differs": abs(apart) > 0.3 if tested and apart is not None else None,
    }  # fmt: skip


def add(app: FastAPI, rows: list[dict[str, Any]], run: dict[str, Any]) -> None:
    """The route of comparisons, of outlets by their rows and of periods by halves of them."""

    @app.get("/v1/comparisons")
    def get_comparison(request: Request) -> Any:
        asked = request.query_params
        if asked["of"] == "outlets":
            sides = [[r for r in rows if r["publisher_id"] == asked[side]] for side in ("a", "b")]
        else:
            sides = [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
        known = [[labels_of(r) for r in side if r["labels"]] for side in sides]
        data = [
            _compared(
                m, None, *([row[m] for row in side if row.get(m) is not None] for side in known)
            )
            for m in MEASURES
        ]
        topics = sorted({row["topic"] for side in known for row in side if row["topic"]})
        data += [
            _compared(
                "topic", topic, *([float(row["topic"] == topic) for row in side] for side in known)
            )
            for topic in topics
        ]
        meta = {"of": asked["of"], "a": asked["a"], "b": asked["b"], "run": run, "as_of": None,
                "tested": sum(row["differs"] is not None for row in data), "n_min": 30,
                "methods": ["Welch (1938)", "Holm (1979)"]}  # fmt: skip
        return {"data": data, "next_cursor": None, "meta": meta}
