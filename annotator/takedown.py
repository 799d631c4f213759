"""Takedown of one article, from every place that has something of it, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from annotator.events import keeping
from annotator.events import ledger as pure
from newsroom import erasing
from newsroom.db import Conn
from newsroom.errors import BadRequest, NotFound
from newsroom.store import articles, events, ledger, takedowns
from newsroom.store.events import Member
from newsroom.store.memory import forget as memory
from newsroom.store.takedowns import Gone

ACTOR: Final = "takedown"
REASON_MAX: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What went; ``gone`` None: its rows had gone before.

    ``erased`` counts archive records that were overwritten, ``elsewhere`` names files that pages
    of it lie in and that are not in the archive's folder.
    """

    gone: Gone | None
    memories: int
    erased: int
    elsewhere: tuple[str, ...]


def forget(conn: Conn, article_id: str, reason: str, archive: Path | None) -> Forgotten:
    """Forget an article but for its id, its address, the time and the reason, which is public.

    Records in files of the folder ``archive`` are erased before the transaction ends: cut in
    between, the rows stay and it can be done again. Without a folder no file is touched. Raises
    NotFound ``article-unknown``, BadRequest ``reason-missing``.
    """
    if not 0 < len(reason.strip()) <= REASON_MAX:
        raise BadRequest("reason-missing", f"say why, in at most {REASON_MAX} characters")
    articles.lock_intake(conn)
    events.lock(conn)
    article = takedowns.known(conn, article_id)
    if article is None:
        raise NotFound("article-unknown", f"no article {article_id[:80]}")
    gone, memories = None, 0
    if article.stored:
        memories = _memories(conn, article_id)
        members = {m.article_id: m for m in events.members_near(conn, [article_id])}
        gone = takedowns.forget(conn, article, reason.strip())
        if article_id in members:
            _leave(conn, article_id, members)
        takedowns.forget_titles(conn, article)
    here = [] if archive is None else [p for p in article.places if (archive / p[0]).is_file()]
    for file, offset in here:
        assert archive is not None
        erasing.erase(archive / file, offset, datetime.now(UTC))
    takedowns.forget_places(conn, article)
    elsewhere = {file for file, offset in article.places if (file, offset) not in here}
    return Forgotten(
        gone=gone, memories=memories, erased=len(here), elsewhere=tuple(sorted(elsewhere))
    )


def _memories(conn: Conn, article_id: str) -> int:
    try:
        return memory.forget(conn, article_id, ACTOR).records
    except NotFound:  # it was never remembered
        return 0


def _leave(conn: Conn, article_id: str, members: dict[str, Member]) -> None:
    """Take it out of its event and its story, which are described again without it."""
    before = keeping.places_of(members.values())
    after = pure.tidy({a: place for a, place in before.items() if a != article_id})
    keeping.commit(
        conn,
        actor=ACTOR,
        method=keeping.EDITED,
        before=before,
        after=after,
        members=[
            keeping.member_row(a, place, members[a])
            for a, place in after.items()
            if before[a] != place
        ],
        reason="an article was taken down",
        edits=ledger.standing(conn),
    )
