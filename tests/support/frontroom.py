"""Fixed answers of the API about front pages, stories by outlet, silences and gaps."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from fastapi import FastAPI, Request

NOW = "2026-11-12T18:00:00Z"
REASONS = [{"verdict": "not-crawled", "n": 12}, {"verdict": "too-young", "n": 5}]


def look(key: str, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One look, led by the newest of an outlet's articles; the second lead is not stored."""
    leads = [
        {
            "position": rank, "rank": rank, "article_id": row["article_id"], "stored": rank == 1,
            "url": row["url"], "headline": row["title"], "kind": "story", "section": None,
            "box": None, "font_px": 40.0 / rank, "image": rank == 1, "image_px2": None,
            "above_fold": rank == 1, "score": 2.0, "prominence_share": 0.3 / rank,
            "event_id": row["event_id"], "event_title": row["title"], "story_id": row["story_id"],
            "story_title": row["title"],
        }
        for rank, row in enumerate(rows[:2], start=1)
    ]  # fmt: skip
    return {
        "snapshot_id": key.ljust(32, "0"), "publisher_id": key, "publisher": name,
        "url": f"https://{key}.example/", "taken_at": NOW, "slot": None, "status": "ok",
        "code": None, "method": "rendered", "why": None, "links": 20, "leads": leads,
    }  # fmt: skip


def story(
    story_id: str, rows: list[dict[str, Any]], names: dict[str, str], days_seen: int
) -> dict[str, Any]:
    """A story; every outlet that has no article in it is silent."""
    times = sorted(row["published_at"] or NOW for row in rows)
    by_outlet = Counter(row["publisher_id"] for row in rows)
    by_day = Counter(time[:10] for time in times)
    return {
        "story_id": story_id, "title": rows[0]["title"], "first_at": times[0], "last_at": times[-1],
        "articles": len(rows), "publishers": len(by_outlet), "events": 2,
        "days": int(times[-1][8:10]) - int(times[0][8:10]) + 1,
        "by_day": [{"day": day, "articles": by_day[day]} for day in sorted(by_day)],
        "covered": [
            {"publisher_id": key, "publisher": names[key], "articles": n, "first_at": times[0]}
            for key, n in by_outlet.most_common()
        ],
        "silent": [
            {"publisher_id": key, "publisher": name, "days_seen": days_seen}
            for key, name in names.items() if key not in by_outlet
        ],
    }  # fmt: skip


def blindspot(row: dict[str, Any], name: str) -> dict[str, Any]:
    """A claim about an outlet and the event of an article."""
    return {
        "event_id": row["event_id"], "title": row["title"], "first_at": NOW, "last_at": NOW,
        "articles": 9, "publishers": 5, "publisher_id": "x", "publisher": name, "said": "",
        "expected": 0.93, "q": 0.04, "past_events": 120, "days": 3, "days_crawled": 3,
    }  # fmt: skip


def add(
    app: FastAPI,
    rows: list[dict[str, Any]],
    outlets: list[tuple[str, str, float]],
    *,
    claims: bool = False,
) -> None:
    """Serve them for articles of some outlets; of the last one nothing is in any story."""
    names = {key: name for key, name, _ in outlets}
    own: dict[str, list[dict[str, Any]]] = defaultdict(list)
    stories: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        own[row["publisher_id"]].append(row)
        if row["story_id"] and row["publisher_id"] != (outlets[-1][0] if outlets else ""):
            stories[row["story_id"]].append(row)

    @app.get("/v1/frontpages/latest")
    def get_latest() -> Any:
        looks = [look(key, name, own[key]) for key, name in names.items() if own[key]]
        looks = looks[:50]  # the API's limit
        return {"data": looks, "next_cursor": None, "meta": {"limit": 50}}

    @app.get("/v1/stories/coverage")
    def get_story_coverage() -> Any:
        found = [
            story(key, some, names, days_seen=n * 20)
            for n, (key, some) in enumerate(stories.items())
        ]
        return {"data": found, "next_cursor": None, "meta": {"limit": 16}}

    @app.get("/v1/blindspots")
    def get_blindspots() -> Any:
        found = [blindspot(rows[0], outlets[-1][1])] if claims else []
        judgement = {
            "judged_at": NOW, "since": NOW, "until": NOW, "events": 6, "outlets": len(outlets),
            "pairs": 20, "claims": len(found), "by_chance": 0.1, "outcomes": REASONS,
        }  # fmt: skip
        meta = {"judgement": judgement if rows else None}
        return {"data": found, "next_cursor": None, "meta": meta}

    @app.get("/v1/sources/gaps")
    def get_gaps(request: Request) -> Any:
        day = request.query_params["day_from"]
        gaps = [
            {"publisher_id": key, "verdict": ("unfinished", "kept-out")[n % 2], "first_day": day,
             "last_day": day, "days": 1, "reasons": []}
            for n, key in enumerate(names)
        ]  # fmt: skip
        meta = {"outlets": len(names), "days": len(names), "days_in_gaps": len(gaps)}
        return {"data": gaps, "next_cursor": None, "meta": meta}
