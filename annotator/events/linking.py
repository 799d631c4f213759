"""Link articles as they come in: the effects around :mod:`annotator.events.online`.

Each article in a transaction of its own, under the lock of the ledger: what is decided on is what
stands. What fails here is only logged, because the nightly grouping judges the article again.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from annotator import encoder
from annotator.events import keeping, online, standing
from annotator.events.cluster import ATTACHED, CORE, Params
from annotator.events.joining import join, join_story
from annotator.events.keeping import Placed
from annotator.events.linkage import Level
from annotator.events.online import Fit, Near, Point
from annotator.events.signature import Item, signatures
from newsroom.db import Conn, Database
from newsroom.errors import Conflict, NewsroomError
from newsroom.store import embeddings, events, linking
from newsroom.store.linking import Whereabouts

if TYPE_CHECKING:
    from newsroom.store.embeddings import InWindow
    from newsroom.store.texts import Text

log = structlog.get_logger()

REASON: Final = "linked as it came in"
MEMBERS_READ: Final = 16  # of each group: enough for its mean
GROUPS_READ: Final = (
    4  # those of the articles found nearest; 8 changed no decision on tuning events
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An article that the memory found near a new one, and P(same event) by the event pointer."""

    article_id: str
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Linker:
    """How articles find their events; ``point`` None: by likeness.

    Nothing is decided for what is older than ``window_days`` before the newest article.
    """

    window_days: int
    point: Point | None
    params: Params = field(default_factory=Params)


def link_all(
    db: Database, linker: Linker, read: Sequence[Text], near: Mapping[str, Sequence[Judged]]
) -> Counter[str]:
    """Place the articles of a batch, oldest first; what became of how many, for a log line."""
    done: Counter[str] = Counter()
    try:
        version = encoder.vector_version()
        _encode(db, version, read)
    except Exception as error:  # the articles are remembered, and grouped tonight
        log.warning("not-linked", articles=len(read), code=_code(error))
        return Counter(failed=len(read))
    waiting = {text.article_id for text in read}
    for text in read:
        # Who comes later in the batch finds this one, as it would in another batch.
        waiting.discard(text.article_id)
        found = [one for one in near.get(text.article_id, ()) if one.article_id not in waiting]
        try:
            with db.transaction() as conn:
                done[link(conn, linker, text, found, version=version)] += 1
        except Exception as error:
            log.warning("not-linked", article=text.article_id, code=_code(error))
            done["failed"] += 1
    return done


def link(conn: Conn, linker: Linker, text: Text, near: Sequence[Judged], *, version: str) -> str:
    """Decide for one article and write what was decided; what became of it, in one word."""
    events.lock(conn)
    where = linking.whereabouts(conn, [text.article_id, *(one.article_id for one in near)])
    mine = where.pop(text.article_id, None)
    if mine is None or mine.content_sha256 != text.content_sha256:
        return "gone"  # forgotten, or a newer revision waits for its turn
    if mine.event_id is not None and not mine.is_new:
        return "there"
    clock = events.clock(conn)
    window = timedelta(days=linker.window_days)
    if clock is None or not clock - window <= mine.sort_at <= clock:
        return "outside"
    found = [(one, where[one.article_id]) for one in near if one.article_id in where]
    fit = _event(conn, linker, mine, found, version)
    lone = where.get(fit.group) if fit is not None else None
    became = "alone"
    if mine.story_id is not None:
        became = "there"
    elif fit is None or (lone is not None and lone.story_id is None):
        # Of two that form an event the story may be one that neither is in yet.
        others = [there for _, there in found if there is not lone]
        became = _into_story(
            conn, mine, _story(conn, linker, mine, others, version), where, version
        )
    if fit is None:
        return became
    method = online.LIKENESS if linker.point is None else online.POINTER
    return _into_event(conn, mine, fit, where, method, version)


def _event(
    conn: Conn,
    linker: Linker,
    mine: Whereabouts,
    near: Sequence[tuple[Judged, Whereabouts]],
    version: str,
) -> Fit | None:
    level = linker.params.event
    within = [
        Near(article_id=one.article_id, group=there.event_id, chance=one.chance)
        for one, there in near
        if online.reaches(there.event_first_at, there.event_last_at, mine.sort_at, level.span_days)
    ]
    if linker.point is not None:
        return online.by_pointer(within, linker.point)
    groups = list(dict.fromkeys(one.group or one.article_id for one in within))[:GROUPS_READ]
    of_events = {one.group for one in within}
    rows = linking.members(
        conn,
        version,
        events=[g for g in groups if g in of_events],
        articles=[g for g in groups if g not in of_events],
        limit=MEMBERS_READ,
    )
    return _likest(conn, mine, rows, level, version)


def _story(
    conn: Conn,
    linker: Linker,
    mine: Whereabouts,
    near: Sequence[Whereabouts],
    version: str,
) -> Fit | None:
    level = linker.params.story
    within = [
        there
        for there in near
        if online.reaches(there.story_first_at, there.story_last_at, mine.sort_at, level.span_days)
    ]
    groups = list(dict.fromkeys(there.story_id or there.article_id for there in within))
    of_stories = {there.story_id for there in within}
    rows = linking.members(
        conn,
        version,
        stories=[g for g in groups[:GROUPS_READ] if g in of_stories],
        articles=[g for g in groups[:GROUPS_READ] if g not in of_stories],
        limit=MEMBERS_READ,
    )
    return _likest(conn, mine, rows, level, version)


def _likest(
    conn: Conn,
    mine: Whereabouts,
    rows: Sequence[tuple[str, InWindow]],
    level: Level,
    version: str,
) -> Fit | None:
    rows = [(group, row) for group, row in rows if row["article_id"] != mine.article_id]
    own = [row for _, row in linking.members(conn, version, articles=[mine.article_id], limit=1)]
    if not rows or not own:
        return None
    span = timedelta(days=level.span_days)
    before = linking.before(conn, mine.sort_at, span, most=level.crowd_most)
    return online.by_likeness(
        signatures([_item(row) for row in (*own, *(row for _, row in rows))]),
        [row["article_id"] for _, row in rows],
        [group for group, _ in rows],
        level,
        before=before,
    )


def _into_event(
    conn: Conn,
    mine: Whereabouts,
    fit: Fit,
    where: Mapping[str, Whereabouts],
    method: str,
    version: str,
) -> str:
    lone = where.get(fit.group)
    if lone is None:
        try:
            join(
                conn, mine.article_id, fit.group, score=fit.score, method=method, role=ATTACHED,
                evidence=fit.evidence(), reason=REASON,
            )  # fmt: skip
        except Conflict:  # a person said something of it, or it was elsewhere
            pass
        else:
            return "joined"
    other = lone or next(there for there in where.values() if there.event_id == fit.group)
    _record(conn, mine, other, fit, 0, method, version)
    return "moved" if lone is None else "formed"


def _into_story(
    conn: Conn, mine: Whereabouts, fit: Fit | None, where: Mapping[str, Whereabouts], version: str
) -> str:
    if fit is None:
        return "alone"
    lone = where.get(fit.group)
    if lone is not None:
        _record(conn, mine, lone, fit, None, online.LIKENESS, version)
    else:
        with contextlib.suppress(Conflict):  # a person said where it belongs: tonight's business
            join_story(
                conn, mine.article_id, fit.group, score=fit.score, method=online.LIKENESS,
                evidence=fit.evidence(), reason=REASON,
            )  # fmt: skip
    return "in_story"


def _record(
    conn: Conn,
    mine: Whereabouts,
    other: Whereabouts,
    fit: Fit,
    event: int | None,
    method: str,
    version: str,
) -> None:
    """Place an article with another one, which stays in the event that it may be in.

    ``event`` None: in a story only.
    """
    stays = other.event_id is not None
    role = CORE if event is not None and not stays else ATTACHED
    [held] = events.members_of(conn, [other.article_id]) if stays else [None]
    keeping.record(
        conn,
        [
            Placed(
                id=mine.article_id,
                event=event,
                story=0,
                score=fit.score,
                role=role,
                evidence=fit.evidence(),
            ),
            Placed(
                id=other.article_id,
                event=event,
                story=0,
                score=held.score if held else fit.score,
                role=held.role if held else role,
                evidence=held.evidence
                if held
                else standing.evidence([(mine.article_id, fit.score)]),
            ),
        ],
        method=method,
        reason=REASON,
        whole=False,
        encoder=version,
        fixed=[other.article_id] if stays else [],
    )


def _encode(db: Database, version: str, read: Sequence[Text]) -> None:
    """Store the vectors that no labeller has stored yet."""
    keys = [text.content_sha256 for text in read]
    with db.transaction() as conn:
        known = embeddings.known(conn, version, keys)
    todo = {t.content_sha256: (t.title, t.text) for t in read if t.content_sha256 not in known}
    if not todo:
        return
    vectors = encoder.article_vectors(list(todo.values()))
    with db.transaction() as conn:
        embeddings.add(conn, version, dict(zip(todo, vectors, strict=True)))


def _item(row: InWindow) -> Item:
    return Item(
        id=row["article_id"],
        title=row["title"],
        text=row["text"],
        published_at=row["published_at"],
        publisher=row["publisher_id"],
        vector=row["vector"],
    )


def _code(error: Exception) -> str:
    return error.code if isinstance(error, NewsroomError) else type(error).__name__
