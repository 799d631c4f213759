"""The stories of the demo as the pipeline tells them, beside the truth: timelines and absences."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from rich.table import Table

from newsroom import demo_score
from newsroom.db import Conn
from newsroom.store import totals
from newsroom.store.reading import event_state
from newsroom.urls import canonical

LATEST_SHOWN: Final = 3  # the others are in the JSON, and in `newsroom events timeline`
FOUND_MIN: Final = 0.75  # a true story counts as found by a story that shares this much with it


def told(conn: Conn) -> list[dict[str, Any]]:
    """Every true story with the stored one that shares most with it, its state and its absences.

    ``shared`` is the articles of both over those of either. ``skipped`` are outlets without an
    article in the stored story, ``planted`` those of which the author says that they left it out.
    Nothing of it is a claim: that takes a history (`newsroom blindspots`).
    """
    rows = {row["url"]: row for row in totals.labelled(conn)}
    publisher_of = {row["article_id"]: row["publisher_id"] for row in rows.values()}
    members: dict[str, set[str]] = defaultdict(set)
    for row in rows.values():
        if row["story_id"] is not None:
            members[row["story_id"]].add(row["article_id"])
    ids = {canonical(url): row["article_id"] for url, row in rows.items()}
    true_members: dict[str, set[str]] = defaultdict(set)
    for url, article in demo_score.truth().items():
        if article["story_id"] is not None and url in ids:
            true_members[article["story_id"]].add(ids[url])
    states = {row["story_id"]: row for row in event_state.summary(conn)}
    stories = json.loads(demo_score.TRUTH.read_text(encoding="utf-8"))["stories"]
    outlets = set(publisher_of.values())
    return [
        _beside(story, true_members[story["story_id"]], members, states, outlets, publisher_of)
        for story in stories
    ]


def score(stories: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """How many of the true stories were found, and of the planted absences seen."""
    found = sum(story["shared"] >= FOUND_MIN for story in stories)
    planted = [(story, outlet) for story in stories for outlet in story["planted"]]
    seen = sum(outlet in story["skipped"] for story, outlet in planted)
    return {
        "stories found": f"{found} of {len(stories)}",
        "planted absences seen": f"{seen} of {len(planted)}",
    }


def table(stories: Iterable[Mapping[str, Any]]) -> Table:
    """The stories for a person to look at, the largest first."""
    made = Table(title="The stories, what changed in them, and who left them out (* on purpose)")
    for name in ("story", "articles", "shared", "latest values", "told by one", "nothing by"):
        made.add_column(name, overflow="fold")
    for story in sorted(stories, key=lambda story: -story["articles"]):
        skipped = [f"{o}*" if o in story["planted"] else o for o in story["skipped"]]
        made.add_row(
            story["title"],
            str(story["articles"]),
            f"{story['shared']:.2f}",
            "; ".join(f"{one['name']}: {one['latest']}" for one in story["latest"][:LATEST_SHOWN])
            or "–",
            f"{story['exclusives']} of {story['facts']} facts",
            ", ".join(skipped) or "–",
        )
    return made


def _beside(
    story: Mapping[str, Any],
    wanted: Collection[str],
    members: Mapping[str, set[str]],
    states: Mapping[str, Mapping[str, Any]],
    outlets: Collection[str],
    publisher_of: Mapping[str, str],
) -> dict[str, Any]:
    """One true story and what the pipeline has of it."""
    truly = set(wanted)
    common = Counter(s for s, articles in members.items() for _ in articles & truly)
    best = max(common, key=lambda s: (common[s] / len(members[s] | truly), s), default=None)
    got = members[best] if best is not None else set()
    state = states.get(best, {}) if best is not None else {}
    return {
        "title": story["title"],
        "story_id": best,
        "articles": len(got),
        "shared": round(len(got & truly) / len(got | truly), 3) if got else 0.0,
        "latest": state.get("latest") or [],
        "facts": state.get("facts", 0),
        "exclusives": state.get("exclusives", 0),
        "skipped": sorted(set(outlets) - {publisher_of[a] for a in got}),
        "planted": sorted(absence["outlet"] for absence in story["absences"]),
    }
