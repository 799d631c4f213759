"""Every table that leaves, and the names under which they are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from api.exports.article_tables import ANNOTATIONS, ARTICLES, SENTENCES
from api.exports.columns import Table
from api.exports.other_tables import (
    EVENT_LINEAGE,
    EVENT_MEMBERS,
    EVENTS,
    PLACEMENTS,
    SOURCE_HEALTH,
)

# Events come with who was in them and what became of them.
ASKED: Final[dict[str, tuple[Table, ...]]] = {
    "articles": (ARTICLES,),
    "sentences": (SENTENCES,),
    "annotations": (ANNOTATIONS,),
    "events": (EVENTS, EVENT_MEMBERS, EVENT_LINEAGE),
    "placements": (PLACEMENTS,),
    "source_health": (SOURCE_HEALTH,),
}
TABLES: Final = tuple(table for tables in ASKED.values() for table in tables)


def chosen(names: Iterable[str]) -> tuple[Table, ...]:
    """The tables asked for, in the order in which they are always written."""
    wanted = set(names)
    return tuple(table for name, tables in ASKED.items() if name in wanted for table in tables)
