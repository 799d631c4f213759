"""What the API says of events and stories besides the rows: fixed answers for the dashboard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI

Row = dict[str, Any]
AT = "2026-11-05T00:00:00Z"


def outline(rows: Sequence[Row]) -> Row:
    """The first outlets and the articles by day."""
    names = {row["publisher_id"]: row["publisher"] for row in rows}
    counts = Counter(row["publisher_id"] for row in rows)
    days = Counter((row["published_at"] or AT)[:10] for row in rows)
    outlets = [
        {"publisher_id": key, "publisher": name, "articles": counts[key]}
        for key, name in list(names.items())[:12]
    ]
    return {"outlets": outlets, "by_day": dict(sorted(days.items()))}


def brought(rows: Sequence[Row]) -> list[Row]:
    """What each outlet brought, with means and intervals."""
    every: dict[str, list[Row]] = {}
    for row in rows:
        every.setdefault(row["publisher_id"], []).append(row)
    return [_brought(key, own) for key, own in every.items()]


def _brought(key: str, own: Sequence[Row]) -> Row:
    labelled = [row["labels"] for row in own if row["labels"]]
    found: Row = {
        "publisher_id": key, "publisher": own[0]["publisher"], "articles": len(own), "copies": 1,
        "special": 0, "first_at": min(row["published_at"] or AT for row in own),
        "sentences": 20 * len(labelled), "sentence_articles": len(labelled),
    }  # fmt: skip
    for stage in ("lean", "tone"):
        scores = [labels[stage] for labels in labelled]
        mean = sum(scores) / len(scores) if scores else None
        wide = mean is not None and len(scores) > 1
        found |= {
            f"{stage}_mean": mean, f"{stage}_n": len(scores),
            f"{stage}_low": mean - 0.5 if wide and mean is not None else None,
            f"{stage}_high": mean + 0.5 if wide and mean is not None else None,
        }  # fmt: skip
    for kind, share in (("fact", 0.6), ("opinion", 0.1), ("quote", 0.25)):
        known = share if labelled else None
        found |= {f"{kind}_share": known, f"{kind}_low": None, f"{kind}_high": None}
    return found


def fact(number: int, row: Row, outlets: Sequence[str], left_out: Sequence[str]) -> Row:
    return {
        "number": number, "outlets": list(outlets), "left_out_by": list(left_out),
        "sources": len(outlets), "exclusive": len(outlets) == 1, "sentences": 2,
        "article_id": row["article_id"], "sentence": 0, "publisher_id": row["publisher_id"],
        "url": row["url"], "quote": None if number == 3 else f"{row['title']}, it was said.",
    }  # fmt: skip


def step(value: int, role: str, row: Row) -> Row:
    return {
        "value": value, "role": role, "written": ("11", "14")[value], "told_at": AT,
        "publisher_id": row["publisher_id"], "publisher": row["publisher"],
        "article_id": row["article_id"], "sentence": 0, "url": row["url"], "quote": row["title"],
    }  # fmt: skip


def slot(rows: Sequence[Row]) -> Row:
    first, last = rows[0], rows[-1]
    steps = [step(0, "new", first), step(1, "new", last), step(0, "stale", last)]
    return {
        "number": 0, "name": "killed · bridge", "unit": "count", "told": ["11", "14"],
        "latest": "14", "latest_by": [last["publisher"]], "steps": steps, "method": "slots-1",
        "made_at": AT,
    }  # fmt: skip


def entry(number: int, kind: str, group_id: str, level: str, rows: Sequence[Row]) -> Row:
    return {
        "entry_id": number, "version": number, "at": AT,
        "actor": "human:ada" if kind == "renamed" else "grouping:average-link-2", "level": level,
        "kind": kind, "from_ids": ["9" * 32] if kind == "merged" else [], "to_ids": [group_id],
        "articles": [row["article_id"] for row in rows[:2]],
        "title": rows[0]["title"] if kind == "renamed" else None, "title_before": None,
        "reason": "grouped again", "undo_of": None, "edit": kind == "renamed",
        "stands": kind != "renamed", "against_joined": None, "against_parted": None,
    }  # fmt: skip


def add_routes(
    app: FastAPI,
    rows: Sequence[Row],
    outlets: Sequence[tuple[str, str, float]],
    run: Row,
    problem: Callable[[int, str, str], Any],
) -> None:
    """Coverage, facts, states and lineage of the events and stories that ``rows`` are in."""

    def of(level: str, group_id: str) -> list[Row]:
        return [row for row in rows if row[f"{level}_id"] == group_id]

    def none(level: str, group_id: str) -> Any:
        return problem(404, "not-found", f"no {level} {group_id}")

    def absent(own: Iterable[Row]) -> list[tuple[str, str]]:
        there = {row["publisher_id"] for row in own}
        return [(key, name) for key, name, _ in outlets if key not in there]

    def span(own: Sequence[Row]) -> Row:
        times = sorted(row["published_at"] or AT for row in own)
        return {"title": own[0]["title"], "first_at": times[0], "last_at": times[-1], "run": run}

    @app.get("/v1/events/{event_id}/coverage")
    def get_coverage(event_id: str) -> Any:
        own = of("event", event_id)
        if not own:
            return none("event", event_id)
        exposure = {"lead_h": 3.2, "known_h": 20.0, "span_h": 24.0, "looks": 5, "best_rank": 2}
        unknown = {"lead_h": None, "known_h": 0.0, "span_h": 24.0, "looks": 0, "best_rank": None}
        covered = [
            found | {"exposure": unknown if place else exposure}
            for place, found in enumerate(brought(own))
        ]
        missing = [
            {"publisher_id": key, "publisher": name, "verdict": "not-crawled", "said": "no claim",
             "expected": None, "q": None, "past_events": 0, "days": 3, "days_crawled": 1,
             "judged_at": AT}
            for key, name in absent(own)
        ]  # fmt: skip
        return {"event_id": event_id, "covered": covered, "missing": missing} | span(own)

    @app.get("/v1/events/{event_id}/facts")
    def get_facts(event_id: str) -> Any:
        own = of("event", event_id)
        if not own:
            return none("event", event_id)
        ids = sorted({row["publisher_id"] for row in own})
        facts = [
            fact(0, own[0], ids, []),
            fact(1, own[0], ids[:2], ids[2:]),
            fact(2, own[0], ids[:1], ids[1:]),
            fact(3, own[-1], ids[1:], ids[:1]),
        ]
        return {"data": facts, "next_cursor": None, "meta": {"limit": 200, "total": None}}

    @app.get("/v1/events/{event_id}/state")
    def get_event_state(event_id: str) -> Any:
        if not of("event", event_id):
            return none("event", event_id)
        return {"event_id": event_id, "method": "facts-1", "facts": 4, "exclusives": 1}

    @app.get("/v1/stories/{story_id}/coverage")
    def get_story_coverage(story_id: str) -> Any:
        own = of("story", story_id)
        if not own:
            return none("story", story_id)
        nothing = [
            {"publisher_id": key, "publisher": name, "articles_on_those_days": 4, "days": 9,
             "days_crawled": 7}
            for key, name in absent(own)
        ]  # fmt: skip
        return {
            "story_id": story_id, "covered": brought(own), "parts": list(_parts(own)),
            "nothing": nothing, "note": "That is no claim.",
        } | span(own)  # fmt: skip

    @app.get("/v1/stories/{story_id}/state")
    def get_story_state(story_id: str) -> Any:
        own = of("story", story_id)
        if not own:
            return none("story", story_id)
        return {"story_id": story_id, "title": own[0]["title"], "made": True, "slots": [slot(own)]}

    def lineage(level: str, group_id: str) -> Any:
        own = of(level, group_id)
        if not own:
            return none(level, group_id)
        kinds = ("merged", "renamed", "created")
        entries = [entry(9 - n, kind, group_id, level, own) for n, kind in enumerate(kinds)]
        meta: Mapping[str, Any] = {"id": group_id, "level": level, "state": "current", "into": []}
        return {"data": entries, "next_cursor": None, "meta": meta}

    @app.get("/v1/events/{event_id}/lineage")
    def get_event_lineage(event_id: str) -> Any:
        return lineage("event", event_id)

    @app.get("/v1/stories/{story_id}/lineage")
    def get_story_lineage(story_id: str) -> Any:
        return lineage("story", story_id)


def _parts(own: Sequence[Row]) -> Iterable[Row]:
    for event_id in sorted({row["event_id"] for row in own}):
        mine = [row for row in own if row["event_id"] == event_id]
        for found in brought(mine):
            kept = ("publisher_id", "articles", "lean_mean", "lean_n")
            yield {"event_id": event_id} | {name: found[name] for name in kept}
