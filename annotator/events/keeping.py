"""Keep a grouping as one version: bent to what people said, under stable ids, described."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from annotator.events import constraints
from annotator.events import ledger as pure
from annotator.events.cohesion import cohesion, purity
from annotator.events.identity import first_choice
from annotator.events.ledger import Places, Proposal
from annotator.events.signature import Item
from annotator.events.title import central_title
from newsroom.db import Conn
from newsroom.store import embeddings, events, ledger
from newsroom.store.embeddings import Portrait
from newsroom.store.events import Group, Member, When
from newsroom.store.ledger import Contradiction, Edit, Entry, Level, Place

UNTITLED: Final = "(no headline)"
# Nothing new for so long and it is over: the spans within which an article may still join.
OPEN_DAYS: Final[Mapping[Level, int]] = {"event": 3, "story": 21}
DAY_S: Final = 86_400.0
EDITED: Final = "edited"  # the method of a group that a person changed last


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a grouping puts an article and why; ``event`` and ``story`` are labels of its own.

    The label of an existing event means nothing either: to say that an article joins it, place its
    members too, or call :func:`join`.
    """

    id: str
    event: Hashable | None
    story: Hashable | None
    score: float
    role: str = "core"
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What keeping did: the version it wrote (None: nothing changed) and edits it ran against."""

    version: int | None
    contradictions: int
    places: Mapping[str, Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Current articles as a description needs them: outlet, time, headline, vector."""

    when: Mapping[str, When]
    portraits: Mapping[str, Portrait]

    def current(self, articles: Iterable[str]) -> list[str]:
        """Those that have a current revision, in the order of their time."""
        known = (a for a in articles if a in self.when)
        return sorted(known, key=lambda a: (self.when[a].sort_at, a))

    def headline(self, members: Sequence[str]) -> tuple[str, str]:
        """That of the most central member; without vectors that of the first that has one."""
        items = [
            Item(
                id=a,
                title=self.portraits[a]["title"],
                text="",
                published_at=None,
                publisher=None,
                vector=vector,
            )
            for a in members
            if (vector := self.portraits[a]["vector"]) is not None
        ]
        first = ((t, a) for a in members if (t := " ".join(self.portraits[a]["title"].split())))
        return central_title(items) or next(first, (UNTITLED, members[0]))


def record(
    conn: Conn,
    placed: Sequence[Placed],
    *,
    method: str,
    reason: str = "grouped again",
    whole: bool = True,
    encoder: str | None = None,
    fixed: Collection[str] = (),
    against: Sequence[Contradiction] = (),
) -> Kept:
    """Store a grouping of some articles; those in the same events and stories keep their place.

    Running it again changes no row. People's edits stand; what the grouping says against them is
    kept beside them. ``whole``: all articles of these days are placed, so that purity can be told;
    otherwise groups keep the one they have. ``against`` is what else the grouping said against
    edits on its way here. Takes the lock of a write to the end of the transaction.
    """
    events.lock(conn)
    edits = ledger.standing(conn)
    mine = {p.id: p for p in placed}
    touching = constraints.touching(edits, mine)
    wanted = [*mine, *(a for edit in touching for a in edit.together)]
    members = {m.article_id: m for m in events.members_near(conn, wanted)}
    before = places_of(members.values())
    settled = pure.settle(
        before,
        {p.id: Proposal(event=p.event, story=p.story) for p in placed},
        edits=touching,
        fixed=fixed,
        used=ledger.UsedIds(
            conn, [first_choice(level, a) for level in ledger.LEVELS for a in {*mine, *before}]
        ),
    )
    version = commit(
        conn,
        actor=f"grouping:{method}",
        method=method,
        before=before,
        after=settled.places,
        members=[
            member_row(article, place, mine.get(article) or members.get(article))
            for article, place in settled.places.items()
        ],
        reason=reason,
        edits=edits,
        judged=mine,
        whole=whole,
        encoder=encoder,
    )
    found = {c.entry_id: c for c in (*against, *settled.contradictions)}
    ledger.note_conflicts(
        conn,
        judged=[edit.entry_id for edit in touching],
        found=list(found.values()),
        method=method,
    )
    return Kept(version=version, contradictions=len(found), places=settled.places)


def commit(
    conn: Conn,
    *,
    actor: str,
    method: str,
    before: Places,
    after: Places,
    members: Sequence[Member],
    reason: str,
    edits: Sequence[Edit],
    judged: Collection[str] = (),
    whole: bool = False,
    edit: Entry | None = None,
    encoder: str | None = None,
) -> int | None:
    """Write new places with the groups they make and the entries that explain them.

    Groups that hold a ``judged`` article, or that gained or lost one, are described again. An
    ``edit`` stands for the entries of its level.
    """
    now = events.clock(conn)
    entries = pure.lineage(before, after, reason=reason)
    if edit is not None:
        entries = [edit, *(entry for entry in entries if entry.level != edit.level)]
    changed = {level: _changed(before, after, level, judged) for level in ledger.LEVELS}
    articles = sorted({a for groups in changed.values() for g in groups.values() for a in g})
    seen = Seen(
        when=events.times(conn, articles), portraits=embeddings.portraits(conn, articles, encoder)
    )
    written: dict[Level, list[Group]] = {}
    for level, members_of in changed.items():
        old, new = pure.ids_of(before, level), pure.ids_of(after, level)
        stored = events.stored(conn, level, sorted({*old.values(), *new.values()}))
        given = titles(
            conn,
            edits,
            level,
            here=set(new.values()),
            moved=pure.successors(before, after, level),
        )
        groups = [
            replace(
                group,
                story_id=after[min(members_of[group.group_id])].story_id
                if level == "event"
                else None,
                method=method,
                purity=group.purity if whole else _purity(stored, group.group_id),
            )
            for group in describe(members_of, seen, level=level, titles=given, now=now)
        ]
        if level == "event":
            groups += _carried(stored, new, after, skip=members_of)
        known = {g.group_id for g in groups}
        quiet = [g for g in _quiet(conn, level, now) if g.group_id not in known]
        groups += [replace(g, closed_at=g.last_at + _span(level)) for g in quiet]
        stored |= {g.group_id: g for g in quiet}
        entries = pure.titled(entries, level, groups)
        entries += pure.renamed_or_closed(level, stored, groups, reason=reason)
        written[level] = groups
    return events.write(
        conn,
        actor=actor,
        method=method,
        stories=written["story"],
        events=written["event"],
        members=members,
        leaving=sorted(set(before) - set(after)),
        entries=entries,
    )


def describe(
    members_of: Mapping[str, Collection[str]],
    seen: Seen,
    *,
    level: Level,
    titles: Mapping[str, tuple[str, str]],
    now: datetime | None,
) -> list[Group]:
    """Title, span, counts, cohesion and purity of groups, by id; none for one without articles.

    Story and method are the caller's to fill in.
    """
    current = {g: seen.current(members) for g, members in sorted(members_of.items())}
    current = {g: members for g, members in current.items() if members}
    scores = _scores(current, seen)
    found = []
    for g, members in current.items():
        headline, source = seen.headline(members)
        title, by = titles.get(g, (headline, None))
        tight, share = scores[g]
        last_at = seen.when[members[-1]].sort_at
        silent_at = last_at + _span(level)
        found.append(
            Group(
                group_id=g,
                story_id=None,
                title=title,
                title_article_id=source,
                first_at=seen.when[members[0]].sort_at,
                last_at=last_at,
                articles=len(members),
                publishers=len({seen.when[a].publisher_id for a in members}),
                method="",
                cohesion=tight,
                purity=share,
                closed_at=silent_at if now is not None and silent_at <= now else None,
                title_by=by,
            )
        )
    return found


def titles(
    conn: Conn,
    edits: Sequence[Edit],
    level: Level,
    *,
    here: Collection[str],
    moved: Mapping[str, str | None],
) -> dict[str, tuple[str, str]]:
    """The title a person gave, and who, by the id it holds for; of two the later one.

    A title goes with the main part of its group: ``here`` are ids that stand, ``moved`` what became
    of those that this write ends.
    """
    given = [e for e in edits if e.title is not None and e.level == level]
    heirs = ledger.successors(
        conn, [e.to_ids[0] for e in given if e.to_ids[0] not in here], here=here
    )
    found = {}
    for edit in given:
        heir = heirs.get(edit.to_ids[0], edit.to_ids[0])
        heir = moved.get(heir, heir) if heir is not None else None
        if heir is not None and edit.title is not None:
            found[heir] = (edit.title, edit.actor)
    return found


def places_of(members: Iterable[Member]) -> dict[str, Place]:
    """The places of members."""
    return {m.article_id: Place(event_id=m.event_id, story_id=m.story_id) for m in members}


def headline(conn: Conn, articles: Sequence[str]) -> tuple[str, str]:
    """The title that articles give a group, and the article it is of."""
    seen = Seen(
        when=events.times(conn, articles), portraits=embeddings.portraits(conn, articles, None)
    )
    return seen.headline(seen.current(articles))


def member_row(article: str, place: Place, said: Placed | Member | None) -> Member:
    """A member at a place, with what was said of it when it was put there."""
    return Member(
        article_id=article,
        event_id=place.event_id,
        story_id=place.story_id,
        score=round(max(-1.0, min(1.0, said.score)), 6) if said else 0.0,
        role=said.role if said else "core",
        evidence=said.evidence if said else {},
    )


def _quiet(conn: Conn, level: Level, now: datetime | None) -> list[Group]:
    """Open groups that have fallen silent."""
    return [] if now is None else events.stale(conn, level, now - _span(level))


def _span(level: Level) -> timedelta:
    return timedelta(days=OPEN_DAYS[level])


def _changed(
    before: Places, after: Places, level: Level, judged: Collection[str]
) -> dict[str, set[str]]:
    """The groups that stand and hold a judged article, or gained or lost one."""
    old, new = pure.ids_of(before, level), pure.ids_of(after, level)
    moved = {a for a in {*old, *new} if old.get(a) != new.get(a)}.union(judged)
    touched = {ids[a] for ids in (old, new) for a in moved if a in ids}
    return pure.grouped((g, a) for a, g in new.items() if g in touched)


def _carried(
    stored: Mapping[str, Group],
    event_of: Mapping[str, str],
    after: Places,
    *,
    skip: Collection[str],
) -> list[Group]:
    """Events whose members did not change, in the story that they are in now."""
    story = {e: after[a].story_id for a, e in event_of.items() if e in stored and e not in skip}
    return [replace(stored[e], story_id=s) for e, s in sorted(story.items())]


def _purity(stored: Mapping[str, Group], group_id: str) -> float | None:
    return stored[group_id].purity if group_id in stored else None


def _scores(
    groups: Mapping[str, Sequence[str]], seen: Seen
) -> dict[str, tuple[float | None, float | None]]:
    """Cohesion and purity of each group, over its members that have a vector."""
    rows = [
        (g, vector, seen.when[a].sort_at.timestamp() / DAY_S)
        for g, members in groups.items()
        for a in members
        if (vector := seen.portraits[a]["vector"]) is not None
    ]
    found: dict[str, tuple[float | None, float | None]] = dict.fromkeys(groups, (None, None))
    if not rows:
        return found
    names, label = np.unique([g for g, _, _ in rows], return_inverse=True)
    vectors = np.stack([vector for _, vector, _ in rows])
    tight = cohesion(vectors, label)
    share = purity(vectors, label, np.array([day for _, _, day in rows]))
    return found | {str(g): (_known(tight[n]), _known(share[n])) for n, g in enumerate(names)}


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
