"""What was found at an article's address, each time somebody looked; and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from newsroom.db import Conn


class Finding(StrEnum):
    """What a look found.

    ``STALE`` is an older copy of the article that some cache still serves, ``TWIN`` another
    address of it (AMP, print) whose text is no edit; ``GONE`` is 404, 410 or a page that says so,
    ``WITHHELD`` is 451 (RFC 7725), ``MOVED`` leads to another article.
    """

    SHOWN = "shown"
    STALE = "stale"
    TWIN = "twin"
    GONE = "gone"
    WITHHELD = "withheld"
    PAYWALLED = "paywalled"
    MOVED = "moved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A revision and when it was seen."""

    seen_at: datetime
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two revisions seen one after the other: the change was between ``not_after`` and ``at``."""

    not_after: datetime
    at: datetime
    before: int
    after: int


# Two texts at one instant, as in one imported file: the one that is new is the later one.
ADD = """
INSERT INTO sightings (article_id, seen_at, finding, revision, page_id)
VALUES (%(article_id)s, %(seen_at)s, %(finding)s, %(revision)s, %(page_id)s)
ON CONFLICT (article_id, seen_at) DO UPDATE
   SET finding = excluded.finding, revision = excluded.revision, page_id = excluded.page_id
 WHERE %(new)s OR sightings.page_id = excluded.page_id
"""

# The same bytes, read by another extractor: what they showed then is what they are read as now.
READ_AGAIN = """
UPDATE sightings SET revision = %(revision)s
 WHERE article_id = %(article_id)s AND page_id = %(page_id)s AND finding = 'shown'
   AND revision <> %(revision)s
"""

SHOWN = """
SELECT seen_at, revision FROM sightings
 WHERE article_id = %(article_id)s AND finding = 'shown' ORDER BY seen_at
"""

# Not modified since: what is shown is what the page showed that was seen last.
SEEN_AGAIN = """
INSERT INTO sightings (article_id, seen_at, finding, revision, page_id)
SELECT article_id, %(seen_at)s, 'shown', revision, page_id FROM sightings
 WHERE article_id = %(article_id)s AND finding = 'shown'
 ORDER BY seen_at DESC LIMIT 1
ON CONFLICT DO NOTHING
"""


def add(
    conn: Conn,
    article_id: str,
    seen_at: datetime,
    finding: Finding,
    *,
    revision: int | None = None,
    page_id: str | None = None,
    new: bool = False,
) -> None:
    """Note one look. The same page read again is the same look, as what it is read as now."""
    values = {
        "article_id": article_id,
        "seen_at": seen_at,
        "finding": finding,
        "revision": revision,
        "page_id": page_id,
        "new": new,
    }
    conn.execute(ADD, values)
    if finding is Finding.SHOWN and page_id is not None:
        conn.execute(READ_AGAIN, values)


def seen_again(conn: Conn, article_id: str, seen_at: datetime) -> None:
    """Note that the server said: not modified."""
    conn.execute(SEEN_AGAIN, {"article_id": article_id, "seen_at": seen_at})


def shown(conn: Conn, article_id: str) -> list[Shown]:
    """Which revision was seen when, oldest first."""
    return [Shown(**row) for row in conn.execute(SHOWN, {"article_id": article_id})]


def pairs(looks: Sequence[Shown]) -> list[Pair]:
    """Where two looks in a row saw different revisions."""
    return [
        Pair(not_after=a.seen_at, at=b.seen_at, before=a.revision, after=b.revision)
        for a, b in pairwise(looks)
        if a.revision != b.revision
    ]


def ends(looks: Sequence[Shown]) -> dict[int, datetime | None]:
    """When another revision was first seen after each one's last look; None for the current one."""
    found: dict[int, datetime | None] = {}
    following: datetime | None = None
    for look in reversed(looks):
        found.setdefault(look.revision, following)
        following = look.seen_at
    return found
