"""One new article joins an event or a story: the quick way, for articles as they come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from annotator.events.keeping import OPEN_DAYS
from annotator.events.ledger import renamed_or_closed
from newsroom.db import Conn
from newsroom.errors import Conflict, NotFound
from newsroom.store import events, ledger
from newsroom.store.events import Group, Member
from newsroom.store.ledger import Entry, Level
from newsroom.store.reading import lineage


def join(
    conn: Conn,
    article: str,
    event_id: str,
    *,
    score: float,
    method: str,
    role: str = "core",
    evidence: Mapping[str, Any] | None = None,
    reason: str = "linked as it came in",
) -> int | None:
    """Put an article that is in no story yet into an event; the version, None if it is there.

    Counts and spans follow; title, cohesion and purity wait for the next grouping. A retired event
    leads to the one it became. Raises NotFound for no such event, Conflict ``edited`` where a
    person said something about the article and ``placed-already`` where it is in another story:
    both are for :func:`annotator.events.keeping.record`. Takes the lock of a write.
    """
    events.lock(conn)
    named = _current(conn, event_id)
    if any(article in edit.together | edit.apart for edit in ledger.standing(conn)):
        raise Conflict("edited", f"a person has said where {article} belongs")
    members = {m.article_id: m for m in events.members_of(conn, [article])}
    event = events.stored(conn, "event", [named])[named]
    assert event.story_id is not None  # of every event
    if (was := members.get(article)) is not None:
        if was.event_id == named:
            return None
        if was.event_id is not None or was.story_id != event.story_id:
            raise Conflict("placed-already", f"{article} is in story {was.story_id}")
    story = events.stored(conn, "story", [event.story_id])[event.story_id]
    member = Member(
        article_id=article,
        event_id=named,
        story_id=event.story_id,
        score=round(max(-1.0, min(1.0, score)), 6),
        role=role,
        evidence=evidence or {},
    )
    grown: dict[Level, Group] = {
        "event": _grown(conn, "event", event, article),
        "story": _grown(conn, "story", story, article),
    }
    entries = [_joined("event", named, article, reason)]
    if was is None:
        entries.append(_joined("story", event.story_id, article, reason))
    before: dict[Level, Group] = {"event": event, "story": story}
    for level, old in before.items():
        entries += renamed_or_closed(level, {old.group_id: old}, [grown[level]], reason=reason)
    return events.write(
        conn,
        actor=f"grouping:{method}",
        method=method,
        stories=[grown["story"]],
        events=[grown["event"]],
        members=[member],
        entries=entries,
    )


def join_story(
    conn: Conn,
    article: str,
    story_id: str,
    *,
    score: float,
    method: str,
    evidence: Mapping[str, Any] | None = None,
    reason: str = "linked as it came in",
) -> int:
    """Put an article that is in no story yet into one that stands, in none of its events.

    Otherwise as :func:`join`. Takes the lock of a write.
    """
    events.lock(conn)
    story = events.stored(conn, "story", [story_id]).get(story_id)
    if story is None:
        raise NotFound("story-unknown", f"no story {story_id[:80]}")
    if any(article in edit.together | edit.apart for edit in ledger.standing(conn)):
        raise Conflict("edited", f"a person has said where {article} belongs")
    if events.members_of(conn, [article]):
        raise Conflict("placed-already", f"{article} is in a story")
    grown = _grown(conn, "story", story, article)
    return _version(
        events.write(
            conn,
            actor=f"grouping:{method}",
            method=method,
            stories=[grown],
            events=[],
            members=[
                Member(
                    article_id=article,
                    event_id=None,
                    story_id=story_id,
                    score=round(max(-1.0, min(1.0, score)), 6),
                    role="attached",
                    evidence=evidence or {},
                )
            ],
            entries=[
                _joined("story", story_id, article, reason),
                *renamed_or_closed("story", {story_id: story}, [grown], reason=reason),
            ],
        )
    )


def _version(written: int | None) -> int:
    assert written is not None  # a new member is a change
    return written


def _current(conn: Conn, event_id: str) -> str:
    found = lineage.whereabouts(conn, event_id)
    if found.state == "retired":
        heir = ledger.successors(conn, [event_id]).get(event_id)
        if heir is not None:
            return heir
    if found.state != "current" or found.level != "event":
        raise NotFound("event-unknown", f"no event {event_id[:80]}")
    return event_id


def _grown(conn: Conn, level: Level, group: Group, article: str) -> Group:
    grown = replace(group, **events.extent(conn, group.group_id, article))
    now = events.clock(conn)
    silent_at = grown.last_at + timedelta(days=OPEN_DAYS[level])
    return replace(grown, closed_at=silent_at if now is not None and silent_at <= now else None)


def _joined(level: Level, group_id: str, article: str, reason: str) -> Entry:
    return Entry(level=level, kind="joined", to_ids=(group_id,), articles=(article,), reason=reason)
