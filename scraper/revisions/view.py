"""One article's history for people and machines: versions, changes, headlines, labels. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from newsroom import diff
from newsroom.diff import Edit, Op

Row = Mapping[str, Any]


def headlines(stretches: Sequence[Row], titles: Mapping[int, str]) -> list[dict[str, Any]]:
    """Each headline as long as it stood: seen from ``first_at`` to ``last_at`` at least.

    It was changed between its ``last_at`` and the next one's ``first_at``.
    """
    found: list[dict[str, Any]] = []
    for row in stretches:
        if row["finding"] != "shown":
            continue
        title = titles[row["revision"]]
        if found and found[-1]["title"] == title:
            found[-1]["last_at"] = row["last_at"]
            found[-1]["looks"] += row["looks"]
        else:
            found.append(
                {
                    "title": title,
                    "first_at": row["first_at"],
                    "last_at": row["last_at"],
                    "looks": row["looks"],
                }
            )
    return found


def compared(before: Row, after: Row) -> dict[str, Any]:
    """Two revisions side by side: headline by word, text by sentence."""
    edits = diff.texts(before["text"], after["text"])
    return {
        "before": before["revision"],
        "after": after["revision"],
        "title": [
            {"op": p.op, "text": p.text} for p in diff.words(before["title"], after["title"])
        ],
        "text": [_edit(edit) for edit in edits if edit.op is not Op.SAME],
        "sentences_same": sum(edit.op is Op.SAME for edit in edits),
    }


def _edit(edit: Edit) -> dict[str, Any]:
    pieces = [{"op": p.op, "text": p.text} for p in edit.pieces]
    return {"op": edit.op, "before": edit.before, "after": edit.after, "pieces": pieces}


def labels(rows: Sequence[Row], before: Row, after: Row) -> dict[str, Any]:
    """Labels of two revisions by one run: comparable by construction.

    The run that readers see, if it labelled both; else one that did; else, for each revision, what
    there is, and ``comparable`` is false with the reason.
    """
    runs = {
        row["revision"]: {r["run_id"] for r in rows if r["content_sha256"] == row["content_sha256"]}
        for row in (before, after)
    }
    promoted = {r["run_id"] for r in rows if r["promoted"]}
    both = runs[before["revision"]] & runs[after["revision"]]
    one = min(both & promoted, default=None) or min(both, default=None)
    if one is not None:
        chosen = {before["revision"]: one, after["revision"]: one}
        why = None
    else:
        chosen = {
            revision: min(found & promoted, default=None) or min(found, default=None)
            for revision, found in runs.items()
        }
        missing = [revision for revision, run in chosen.items() if run is None]
        why = (
            f"no run has labelled revision {' or '.join(map(str, missing))}"
            if missing
            else "no run has labelled both revisions"
        )
    table: dict[tuple[str, str], dict[str, Any]] = {}
    for row in (before, after):
        for r in rows:
            if r["run_id"] != chosen[row["revision"]]:
                continue
            if r["content_sha256"] != row["content_sha256"]:
                continue
            side = "before" if row is before else "after"
            cell = {"label": r["label"], "score": r["score"], "confidence": r["confidence"]}
            line = table.setdefault((r["stage"], r["scope"]), {"before": None, "after": None})
            line[side] = cell
    return {
        "comparable": why is None,
        "why_not": why,
        "run_before": chosen[before["revision"]],
        "run_after": chosen[after["revision"]],
        "labels": [
            {"stage": stage, "scope": scope, **line} for (stage, scope), line in table.items()
        ],
    }
