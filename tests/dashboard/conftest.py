"""A tiny API that answers fixed JSON in the shapes of /v1: empty, small, hostile or failing."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import articleroom
import browsing
import compareroom
import frontroom
import grouproom
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from payloads import EVIL, EVIL_ADDRESSES

OUTLETS = [
    ("aldermoorpost", "The Aldermoor Post", -1.4),
    ("harborledger", "The Harbor Ledger", -0.3),
    ("kestrelcourier", "Kestrel Valley Courier", 0.9),
    ("meridianwire", "Meridian Wire", 0.0),
    ("northgatebulletin", "Northgate Bulletin", 1.6),
    ("progressdocket", "The Progress Docket", -2.1),
]
HEADLINES = [
    ("Council delays the ferry vote for a third time", "politics", "government"),
    ("Heat and drought push orchard towns to ration water", "disaster_and_incidents", "disasters"),
    ("Rail workers reach a deal hours before the strike", "business_and_economy", "economy"),
    ("Probe sends first pictures of the far crater", "science_and_technology", "science"),
    ("Harrow City scores twice in added time to win the cup", "sports", "sports"),
    ("A small museum returns the drum it never owned", "culture_and_lifestyle", "arts"),
]
START = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)
RUN = {
    "run_id": "5d" * 16,
    "labeller": "embedded",
    "labeller_revision": "a1b2c3d4e5f60718",
    "codebook_version": "v1",
    "codebook_digest": "0f" * 16,
    "prompt_digest": None,
    "code_version": "2026.11.0",
    "started_at": "2026-11-14T09:00:00Z",
    "settings": {},
    "promoted": True,
    "promoted_at": "2026-11-14T09:00:00Z",
    "reason": "first run",
    "articles": 120,
    "refused": 1,
}
OTHER_RUN = RUN | {
    "run_id": "6e" * 16, "labeller": "vllm", "promoted": False, "promoted_at": None, "reason": None,
    "articles": 40, "settings": {"model": "small"}, "started_at": "2026-11-15T09:00:00Z",
}  # fmt: skip


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def article(number: int, rng: random.Random) -> dict[str, Any]:
    publisher_id, name, lean = OUTLETS[rng.randrange(len(OUTLETS))]
    title, category, topic = HEADLINES[number % len(HEADLINES)]
    at = START + timedelta(hours=rng.randrange(0, 220))
    score = max(-3.0, min(3.0, rng.gauss(lean, 0.8)))
    labels = {
        "lean": round(score, 2),
        "lean_confidence": 0.61,
        "headline_lean": round(score * 0.6, 2),
        "tone": round(rng.uniform(-4, 2), 2),
        "tone_confidence": 0.72,
        "category": category,
        "topic": topic,
        "topic_confidence": 0.81,
        "news_type": "opinion" if rng.random() < 0.2 else "news report",
        "news_type_confidence": 0.93,
    }
    return {
        "article_id": f"{number:032x}",
        "revision": 2 if number == 0 else 1,
        "url": f"https://{publisher_id}.example/2026/{number}",
        "title": title if number < 6 else f"{title}, part {number}",
        "publisher_id": publisher_id,
        "publisher": name,
        "bylines": ["Ada Quill", "Tom Marrow"] if number % 3 else [],
        "published_at": None if number == 7 else _stamp(at),
        "date_source": "absent" if number == 7 else "page",
        "language": "en",
        "words": 400 + number,
        "section": "Local",
        "duplicate_of": f"{1:032x}" if number == 8 else None,
        "duplicate_reason": "same-text" if number == 8 else None,
        "event_id": f"{number % 6 + 0xE0:032x}",
        "story_id": f"{number % 3 + 0xF0:032x}",
        "labels": None if number % 11 == 10 else labels,
    }


def annotation(row: dict[str, Any], stage: str, scope: str, **more: Any) -> dict[str, Any]:
    return {
        "annotation_id": 1,
        "stage": stage,
        "scope": scope,
        "sentence": None,
        "label": None,
        "score": None,
        "confidence": None,
        "distribution": None,
        "scale": None,
        "validated": scope != "headline",
        "text": None,
        "reason": None,
        "evidence": [],
        "labeller": RUN["labeller"],
        "labeller_revision": RUN["labeller_revision"],
        "codebook_version": "v1",
        "prompt_digest": None,
        "run_id": RUN["run_id"],
        "content_sha256": "9f" * 32,
        "made_at": "2026-11-14T09:12:00Z",
        "superseded_at": None,
        "current": True,
        **more,
    }


def sentence(number: int) -> dict[str, Any]:
    def one(label: str) -> dict[str, Any]:
        return {"label": label, "confidence": 0.8, "validated": True, "reason": None}

    rests = number in (0, 3)
    return {
        "sentence": number, "start": 80 * number, "end": 80 * number + 79,
        "type": one(("fact", "fact", "quote", "opinion", "borderline")[number % 5]),
        "tone": one(("neutral", "negative", "neutral", "positive")[number % 4]),
        "focus": one(("neither", "democrat", "both", "republican", "neither")[number % 5])
        if number != 7 else None,
        "evidence_of": [{"stage": "lean", "scope": "article"}] if rests else [],
        "quote": "The vote was put off." if rests else None, "cut": False,
    }  # fmt: skip


def annotations(row: dict[str, Any]) -> list[dict[str, Any]]:
    labels = row["labels"]
    if labels is None:
        return []
    three = {"left": 0.61, "center": 0.3, "right": 0.09}
    return [
        annotation(row, "lean", "article", label="left", score=labels["lean"], confidence=0.61,
                   distribution=three, scale="mapped3", evidence=[0, 3]),
        annotation(row, "lean", "headline", label="center", score=labels["headline_lean"],
                   confidence=0.52, distribution={"left": 0.3, "center": 0.52, "right": 0.18}, scale="mapped3"),
        annotation(row, "tone", "article", label="negative", score=labels["tone"], confidence=0.72,
                   distribution={"negative": 0.72, "neutral": 0.2, "positive": 0.08}, scale="mapped3"),
        annotation(row, "topic", "article", label=labels["topic"], confidence=0.81,
                   distribution={labels["topic"]: 0.81, "economy": 0.1, "courts": 0.04}),
        annotation(row, "takeaways", "article", label=None, text="The vote was put off once more.",
                   reason="It is what the first two paragraphs say."),
        annotation(row, "category", "article", label=labels["category"], confidence=0.88),
        annotation(row, "news_type", "article", label=labels["news_type"], confidence=0.93,
                   distribution={"news report": 0.93, "opinion": 0.07}),
        annotation(row, "lean", "article", label="center", score=-0.2, confidence=0.4, current=False,
                   superseded_at="2026-11-14T09:12:00Z", made_at="2026-11-10T09:12:00Z", scale="mapped3"),
    ]  # fmt: skip


def group(group_id: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    times = sorted(r["published_at"] or "2026-11-05T00:00:00Z" for r in rows)
    return {
        "title": rows[0]["title"],
        "title_article_id": rows[0]["article_id"],
        "first_at": times[0],
        "last_at": times[-1],
        "articles": len(rows),
        "publishers": len({r["publisher_id"] for r in rows}),
        "method": "minilm-complete-1",
    } | grouproom.outline(rows)


def events_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["event_id"]].append(row)
    events = [
        {"event_id": key, "story_id": own[0]["story_id"], "story_title": own[0]["title"]}
        | group(key, own)
        for key, own in groups.items()
        if key
    ]
    return sorted(events, key=lambda e: -e["articles"])


def page(rows: Sequence[Any], request: Request) -> dict[str, Any]:
    limit = int(request.query_params.get("limit", 50))
    start = int(request.query_params.get("cursor", 0))
    total = len(rows) if request.query_params.get("count") == "true" else None
    following = str(start + limit) if start + limit < len(rows) else None
    return {
        "data": rows[start : start + limit],
        "next_cursor": following,
        "meta": {"limit": limit, "total": total, "run": RUN},
    }


CODEBOOK = {
    "version": "v1",
    "digest": "0f" * 16,
    "used_at": RUN["started_at"],
    "content": {
        "version": "v1",
        "digest": "0f" * 16,
        "questions": {
            "lean": {
                "id": "lean",
                "question": "Which side do the concerns of this text align with?",
                "units": ["article", "headline"],
                "tie_rules": ["Judge what the text does with its subject, not the subject."],
                "labels": [
                    {"id": n, "name": n.title(), "definition": f"Aligned with the {n}.",
                     "include": "Framing by that side's concerns.", "exclude": "Plain reports.",
                     "examples": ["One.", "Two."], "parent": None}
                    for n in ("left", "center", "right")
                ],
                "scale": {"id": "mapped3", "minimum": -1, "maximum": 1, "note": "Three classes only.",
                          "map": {}, "points": [{"value": v, "anchor": f"Anchor {v}."} for v in (-1, 0, 1)]},
            }
        },
    },
}  # fmt: skip


def trends(rows: list[dict[str, Any]], metric: str, by: list[str]) -> list[dict[str, Any]]:
    cells: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for row in rows:
        labels = compareroom.labels_of(row)
        if metric not in ("articles", "opinion_share") and labels.get(metric) is None:
            continue
        key = tuple(row["publisher_id"] if d == "publisher" else labels.get(d) for d in by)
        value = {"articles": 0.0, "opinion_share": float(labels.get("news_type") == "opinion")}
        cells[key].append(value.get(metric, labels.get(metric, 0.0)))
    out = []
    for key, values in cells.items():
        mean = None if metric == "articles" else sum(values) / len(values)
        half = 1.6 / len(values) ** 0.5
        out.append(
            dict(zip(by, key, strict=True))
            | {"n": len(values), "mean": mean,
               "ci_low": None if mean is None or len(values) < 2 else mean - half,
               "ci_high": None if mean is None or len(values) < 2 else mean + half}
        )  # fmt: skip
    return out


def source_day(publisher_id: str, day: int, verdict: str) -> dict[str, Any]:
    return {
        "publisher_id": publisher_id, "day": f"2026-11-{day + 3:02}", "verdict": verdict,
        "complete": verdict in ("ok", "quiet"), "reasons": ["too-few-articles 2 of 9"] if verdict == "broken" else [],
        "articles": 9 if verdict == "ok" else 2, "refusals": 1, "computed_at": "2026-11-14T06:00:00Z",
    }  # fmt: skip


def citation(of: str) -> dict[str, Any]:
    days = {"days": 60, "days_complete": 54, "days_unfinished": 0, "days_kept_out": 0,
            "days_broken": 6, "days_not_crawled": 0, "days_unjudged": 0}  # fmt: skip
    return {
        "of": of, "query_id": "8d969eef6ecad3c2", "call": f"http://localhost{of}&as_of=2026-11-14",
        "pinned": True, "not_pinned": None, "as_of": None, "run": RUN, "snapshot_id": "5f" * 16,
        "export": {"as_of": "2026-11-14T00:00:00Z", "q": "it's"}, "permalink": "http://localhost/framing",
        "permalink_leaves_out": ["by"], "snippet": "from newsroom.client import Newsroom",
        "text": {"apa": f"The Newsroom maintainers. (2026). {of}", "bibtex": "@misc{x}", "cff": "cff-version: 1.2.0"},
        "articles": 120,
        "completeness": days | {"first_day": "2026-11-03", "last_day": "2026-11-12",
                                "outlets": [days | {"publisher": key} for key, _, _ in OUTLETS]},
        "validation": {"measures": [], "unmeasured": [{"stage": "lean", "scope": "article"}]},
        "retrieved_at": "2026-11-14T09:00:00Z",
    }  # fmt: skip


def problem(status: int, code: str, detail: str) -> JSONResponse:
    body = {"type": f"/v1/problems/{code}", "title": "Problem", "status": status,
            "detail": detail, "code": code, "errors": []}  # fmt: skip
    return JSONResponse(body, status, media_type="application/problem+json")


def fake_api(
    rows: list[dict[str, Any]],
    outlets: list[tuple[str, str, float]] | None = None,
    runs: tuple[dict[str, Any], ...] = (RUN,),
) -> FastAPI:
    """An application with the routes of /v1 over fixed rows."""
    outlets = OUTLETS if outlets is None else outlets
    app = FastAPI()
    frontroom.add(app, rows, outlets)
    articleroom.add(app, rows, runs)
    compareroom.add(app, rows, RUN)
    by_id = {row["article_id"]: row for row in rows}
    events = events_of(rows)

    @app.get("/v1/outlets")
    def get_outlets(request: Request) -> Any:
        counts = Counter(row["publisher_id"] for row in rows)
        asked = request.query_params.get("q", "").lower()
        return page(
            [
                {"publisher_id": key, "name": name, "domain": f"{key}.example", "country": "US",
                 "demo": True, "verified": True, "articles": counts[key],
                 "first_at": "2026-11-03T08:00:00Z" if counts[key] else None,
                 "last_at": "2026-11-12T18:00:00Z" if counts[key] else None, "refusals": 2}
                for key, name, _ in outlets if asked in name.lower()
            ],
            request,
        )  # fmt: skip

    @app.get("/v1/articles")
    def get_articles(request: Request) -> Any:
        asked = request.query_params
        found = [
            row
            for row in rows
            if (not asked.getlist("publisher") or row["publisher_id"] in asked.getlist("publisher"))
            and ("event" not in asked or row["event_id"] == asked["event"])
            and ("story" not in asked or row["story_id"] == asked["story"])
            and ("q" not in asked or asked["q"].lower() in row["title"].lower())
            and (
                "labelled" not in asked
                or (row["labels"] is not None) == (asked["labelled"] == "true")
            )
        ]
        return page(found, request)

    @app.get("/v1/articles/{article_id}")
    def get_article(article_id: str) -> Any:
        if article_id not in by_id:
            return problem(404, "not-found", f"no article {article_id}")
        row = by_id[article_id]
        revision = {"title": row["title"], "words": row["words"], "fetched_at": "2026-11-05T10:00:00Z",
                    "superseded_at": None, "content_sha256": "9f" * 32}  # fmt: skip
        return row | {
            "modified_at": None,
            "run": RUN,
            "content_sha256": "9f" * 32,
            "provenance": {"fetched_at": "2026-11-05T10:00:00Z", "via": "feed", "extractor": "x",
                           "page_id": None, "final_url": None, "body_sha256": None,
                           "warc_file": None, "warc_offset": None},
            "revisions": [revision | {"revision": n} for n in range(row["revision"], 0, -1)],
            "event": {"event_id": row["event_id"], "title": HEADLINES[0][0]} if row["event_id"] else None,
            "work": [{"stage": "label", "state": "done" if row["labels"] else "due", "error_code": None,
                      "due_at": "2026-11-05T10:00:00Z", "changed_at": "2026-11-05T10:00:00Z"}],
            "annotations": [a for a in annotations(row) if a["current"]],
            "quotes": [{"sentence": 0, "quote": "The vote was put off.", "cut": False}] if row["labels"] else [],
        }  # fmt: skip

    @app.get("/v1/articles/{article_id}/annotations")
    def get_annotations(article_id: str) -> Any:
        if article_id not in by_id:
            return problem(404, "not-found", f"no article {article_id}")
        made = annotations(by_id[article_id])
        return {"data": made, "next_cursor": None, "meta": {"limit": len(made), "total": len(made)}}

    @app.get("/v1/articles/{article_id}/sentences")
    def get_sentences(article_id: str) -> Any:
        if article_id not in by_id:
            return problem(404, "not-found", f"no article {article_id}")
        made = [sentence(number) for number in range(24)] if by_id[article_id]["labels"] else []
        meta = {"limit": len(made), "total": len(made), "run": RUN}
        return {"data": made, "next_cursor": None, "meta": meta}

    @app.get("/v1/events")
    def get_events(request: Request) -> Any:
        return page(events, request)

    @app.get("/v1/events/{event_id}")
    def get_event(event_id: str) -> Any:
        found = next((e for e in events if e["event_id"] == event_id), None)
        if found is None:
            return problem(404, "not-found", f"no event {event_id}")
        members = [r | {"score": 0.8, "method": "m"} for r in rows if r["event_id"] == event_id]
        coverage = []
        for key in sorted({m["publisher_id"] for m in members}):
            own = [m for m in members if m["publisher_id"] == key]
            leans = [m["labels"]["lean"] for m in own if m["labels"]]
            tones = [m["labels"]["tone"] for m in own if m["labels"]]
            coverage.append(
                {"publisher_id": key, "publisher": own[0]["publisher"], "articles": len(own),
                 "first_at": min(m["published_at"] or "2026-11-05T00:00:00Z" for m in own),
                 "lean_mean": sum(leans) / len(leans) if leans else None, "lean_n": len(leans),
                 "tone_mean": sum(tones) / len(tones) if tones else None, "tone_n": len(tones)}
            )  # fmt: skip
        there = {m["publisher_id"] for m in members}
        absent = [{"publisher_id": k, "publisher": n, "articles_on_those_days": 4}
                  for k, n, _ in outlets if k not in there]  # fmt: skip
        siblings = [e for e in events if e["story_id"] == found["story_id"] and e is not found]
        return found | {
            "run": RUN,
            "coverage": coverage,
            "members": members,
            "not_stored": {"note": "No article of this event is stored.", "outlets": absent},
            "siblings": siblings,
        }

    @app.get("/v1/stories")
    def get_stories(request: Request) -> Any:
        keys = sorted({row["story_id"] for row in rows if row["story_id"]})
        return page(
            [
                {"story_id": key, "events": 2}
                | group(key, [row for row in rows if row["story_id"] == key])
                for key in keys
            ],
            request,
        )

    @app.get("/v1/stories/{story_id}")
    def get_story(story_id: str) -> Any:
        own = [row for row in rows if row["story_id"] == story_id]
        if not own:
            return problem(404, "not-found", f"no story {story_id}")
        parts = [e for e in events if e["story_id"] == story_id]
        return group(story_id, own) | {
            "story_id": story_id, "outside_events": 1, "events": parts, "as_of": None,
        }  # fmt: skip

    grouproom.add_routes(app, rows, outlets, RUN, problem)

    @app.get("/v1/trends")
    def get_trends(request: Request) -> Any:
        by = request.query_params["by"].split(",")
        metric = request.query_params["metric"]
        chosen = request.query_params.getlist("publisher")
        cells = trends([r for r in rows if not chosen or r["publisher_id"] in chosen], metric, by)
        meta = {"metric": metric, "by": by, "run": RUN, "interval": "normal",
                "n": sum(c["n"] for c in cells)}  # fmt: skip
        return {"data": cells, "next_cursor": None, "meta": meta}

    @app.get("/v1/refusals")
    def get_refusals(request: Request) -> Any:
        found = [
            {"refusal_id": f"{n}", "publisher_id": OUTLETS[n % 6][0], "url": f"https://x.example/{n}" if n else "javascript:alert(4)",
             "source": "page", "code": ("soft-404", "paywall-stub", "too-short")[n % 3],
             "message": "the page says that nothing was found", "page_id": None,
             "seen_at": "2026-11-05T10:00:00Z"}
            for n in range(7 if rows else 0)
        ]  # fmt: skip
        return page(found, request)

    @app.get("/v1/pipeline")
    def get_pipeline() -> Any:
        labelled = sum(1 for row in rows if row["labels"])
        return {
            "outlets": len(outlets), "pages": len(rows) + 7 if rows else 0,
            "newest_page_at": "2026-11-12T18:00:00Z" if rows else None, "articles": len(rows),
            "revisions": len(rows), "newest_article_at": "2026-11-12T18:00:00Z" if rows else None,
            "duplicates": [{"code": "same-text", "n": 1}] if rows else [],
            "refusals": [{"code": "soft-404", "n": 3}, {"code": "too-short", "n": 4}] if rows else [],
            "work": [
                {"stage": "label", "state": state, "error_code": code, "n": n, "last_hour": n,
                 "oldest_due_at": "2026-11-12T18:00:00Z" if state == "due" else None}
                for state, code, n in (("done", None, labelled), ("due", None, len(rows) - labelled),
                                       ("quarantined", "text-too-long", 1))
            ] if rows else [],
            "jobs": [{"kind": "export", "state": "leased", "n": 1, "progress": 0.25,
                      "changed_at": "2026-11-12T18:00:00Z"}] if rows else [],
            "crawl": {"hosts_asked": 0, "last_asked_at": None, "looks_due": 3, "looks_planned": 9,
                      "hosts_stopped": [{"code": "robots", "n": 2}]},
            "annotations": 7 * labelled, "annotations_current": 6 * labelled,
            "events": len(events), "stories": 3 if rows else 0,
        }  # fmt: skip

    @app.get("/v1/sources")
    def get_sources(request: Request) -> Any:
        verdicts = ["ok"] * 8 + ["quiet", "broken"]
        asked = request.query_params.get("verdict")
        found = [
            source_day(key, day, verdict)
            for key, _, _ in outlets if rows
            for day, verdict in enumerate(verdicts) if asked in (None, verdict)
        ]  # fmt: skip
        return page(found, request)

    @app.get("/v1/cite")
    def get_cite(of: str) -> Any:
        return citation(of)

    @app.get("/v1/runs")
    def get_runs(request: Request) -> Any:
        return page(runs if rows else [], request)

    @app.get("/v1/codebook")
    def get_codebook() -> Any:
        return CODEBOOK if rows else problem(404, "no-codebook", "no run has used a codebook yet")

    return app


def small_rows(count: int = 130) -> list[dict[str, Any]]:
    rng = random.Random(7)
    rows = [article(number, rng) for number in range(count)]
    return sorted(rows, key=lambda r: r["published_at"] or "", reverse=True)


def failing_api(status: int, code: str) -> FastAPI:
    app = FastAPI()

    @app.get("/v1/{path:path}")
    def fail(path: str) -> Any:
        return problem(status, code, "it is not there")

    return app


@pytest.fixture
def small_api() -> FastAPI:
    return fake_api(small_rows())


@pytest.fixture
def two_runs_api() -> FastAPI:
    return fake_api(small_rows(), runs=(OTHER_RUN, RUN))


@pytest.fixture
def empty_api() -> FastAPI:
    return fake_api([], [])


@pytest.fixture
def failing() -> Callable[[int, str], FastAPI]:
    return failing_api


@pytest.fixture
def hostile_api() -> FastAPI:
    """Fifty pieces of markup as every text, and addresses that are scripts.

    The first fifty articles are one event; each of the others is one of its own, all one story.
    """
    count = len(EVIL)
    outlets = [(f"outlet{n}", text, 0.0) for n, text in enumerate(EVIL)]
    rows = small_rows(2 * count)
    for n, row in enumerate(rows):
        text = EVIL[n % count]
        row |= {"title": text, "bylines": [text], "section": text, "story_id": f"{0xF0:032x}"}
        row |= {"publisher_id": f"outlet{n % count}", "publisher": text}
        row["url"] = EVIL_ADDRESSES[n % len(EVIL_ADDRESSES)]
        row["event_id"] = f"{0xE0 if n < count else 0x100 + n:032x}"
        if row["labels"]:
            row["labels"] |= {"topic": text, "category": text}
    return fake_api(rows, outlets)


@pytest.fixture
def arabic_api() -> FastAPI:
    rows = small_rows(20)
    for row in rows:
        row["title"] = (
            "\u0627\u0644\u0645\u062c\u0644\u0633 \u064a\u0624\u062c\u0644 \u0627\u0644\u062a\u0635\u0648\u064a\u062a! \U0001f6f3\ufe0f \U0001f468\u200d\U0001f469\u200d\U0001f467"
        )
    return fake_api(rows)


@pytest.fixture(scope="module")
def crowd_api() -> FastAPI:
    """Ten thousand outlets, each with an article; names from right to left, and of emoji."""
    names = (
        "\u0635\u062d\u064a\u0641\u0629 {}",
        "\u05e2\u05d9\u05ea\u05d5\u05df {}",
        "\U0001f5de\ufe0f {} \U0001f469\u200d\U0001f52c",
        "Gazette {}",
    )
    outlets = [(f"paper{n:05}", names[n % 4].format(n), 0.0) for n in range(10_000)]
    rows = small_rows(len(outlets))
    for row, (key, name, _) in zip(rows, outlets, strict=True):
        row |= {"publisher_id": key, "publisher": name, "title": f"{name}: {row['title']}"}
        if int(row["article_id"], 16) >= 120:
            row |= {"event_id": None, "story_id": None}
    return fake_api(rows, outlets)


@pytest.fixture(scope="module")  # its event loop would stand in the way of tests that run one
def chromium() -> Iterator[Any]:
    with browsing.browser() as found:
        yield found


@pytest.fixture
def serve() -> Iterator[Callable[[FastAPI], str]]:
    with browsing.serving() as start:
        yield start
