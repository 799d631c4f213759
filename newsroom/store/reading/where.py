"""The one place where SQL is put together: conditions chosen by name from a fixed set.

A caller gives names and values; the names pick conditions written here, the values are bound.
Conditions speak of ``a`` (a current article), ``e`` (an event), ``s`` (a story) or ``r`` (a
refusal), whichever table their set belongs to. ``%(run_id)s``, the run readers see, is bound by
every query; through null nothing is labelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from psycopg.sql import SQL, Composable

# The current label of one article: of its newest text, in the run readers see.
CURRENT: Final = SQL("""
SELECT FROM annotations n
 WHERE n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
   AND n.run_id = %(run_id)s AND {this}
""")

# What became of its newest text there: one row, where the labels are many.
LABELLED: Final = SQL("""
EXISTS (SELECT FROM run_outcomes o
         WHERE o.run_id = %(run_id)s AND o.article_id = a.article_id
           AND o.content_sha256 = a.content_sha256 AND o.code IS NULL)
""")


def _labelled(this: str) -> Composable:
    return SQL("EXISTS ({})").format(CURRENT.format(this=SQL(this)))


ARTICLES: Final[Mapping[str, Composable]] = {
    "publisher": SQL("a.publisher_id = ANY(%(publisher)s)"),
    "language": SQL("a.language = %(language)s"),
    "published_from": SQL("a.sort_at >= %(published_from)s"),
    "published_to": SQL("a.sort_at < %(published_to)s"),
    "q": SQL("to_tsvector('english', a.title) @@ websearch_to_tsquery('english', %(q)s)"),
    "duplicates": SQL("a.duplicate_of IS NULL"),
    "event": SQL(
        "EXISTS (SELECT FROM event_members m "
        "WHERE m.article_id = a.article_id AND m.event_id = %(event)s)"
    ),
    "story": SQL(
        "EXISTS (SELECT FROM event_members m "
        "WHERE m.article_id = a.article_id AND m.story_id = %(story)s)"
    ),
    "category": _labelled(
        "n.stage = 'category' AND n.scope = 'article' AND n.label = %(category)s"
    ),
    "topic": _labelled("n.stage = 'topic' AND n.scope = 'article' AND n.label = %(topic)s"),
    "subtopic": _labelled(
        "n.stage = 'subtopic' AND n.scope = 'article' AND n.label = %(subtopic)s"
    ),
    "news_type": _labelled(
        "n.stage = 'news_type' AND n.scope = 'article' AND n.label = %(news_type)s"
    ),
    "lean_min": _labelled("n.stage = 'lean' AND n.scope = 'article' AND n.score >= %(lean_min)s"),
    "lean_max": _labelled("n.stage = 'lean' AND n.scope = 'article' AND n.score <= %(lean_max)s"),
    "tone_min": _labelled("n.stage = 'tone' AND n.scope = 'article' AND n.score >= %(tone_min)s"),
    "tone_max": _labelled("n.stage = 'tone' AND n.scope = 'article' AND n.score <= %(tone_max)s"),
    "labelled": LABELLED,
    "unlabelled": SQL("NOT {}").format(LABELLED),
    "after": SQL("(a.sort_at, a.article_id) < (%(after_at)s, %(after_id)s)"),
    "after_oldest": SQL("(a.sort_at, a.article_id) > (%(after_at)s, %(after_id)s)"),
}

_MEMBER: Final = (
    "EXISTS (SELECT FROM event_members m JOIN articles a ON a.article_id = m.article_id "
    "AND a.superseded_at IS NULL WHERE m.event_id = e.event_id AND {})"
)

EVENTS: Final[Mapping[str, Composable]] = {
    "publisher": SQL(_MEMBER).format(ARTICLES["publisher"]),
    "topic": SQL(_MEMBER).format(ARTICLES["topic"]),
    "story": SQL("e.story_id = %(story)s"),
    "min_articles": SQL("e.articles >= %(min_articles)s"),
    "published_from": SQL("e.last_at >= %(published_from)s"),
    "published_to": SQL("e.first_at < %(published_to)s"),
    "q": SQL("to_tsvector('english', e.title) @@ websearch_to_tsquery('english', %(q)s)"),
    "after": SQL("(e.last_at, e.event_id) < (%(after_at)s, %(after_id)s)"),
    "after_size": SQL("(e.articles, e.event_id) < (%(after_n)s, %(after_id)s)"),
}

STORIES: Final[Mapping[str, Composable]] = {
    "min_articles": SQL("s.articles >= %(min_articles)s"),
    "published_from": SQL("s.last_at >= %(published_from)s"),
    "published_to": SQL("s.first_at < %(published_to)s"),
    "q": SQL("to_tsvector('english', s.title) @@ websearch_to_tsquery('english', %(q)s)"),
    "after": SQL("(s.last_at, s.story_id) < (%(after_at)s, %(after_id)s)"),
}

REFUSALS: Final[Mapping[str, Composable]] = {
    "publisher": SQL("r.publisher_id = ANY(%(publisher)s)"),
    "code": SQL("r.code = %(code)s"),
    "after": SQL("(r.seen_at, r.refusal_id) < (%(after_at)s, %(after_id)s)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A question: which conditions hold, and the values they and the query are bound to."""

    names: tuple[str, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)

    def and_after(self, name: str, **key: object) -> Where:
        """The same question behind the last row of a page."""
        return Where(names=(*self.names, name), values={**self.values, **key})

    def sql(self, conditions: Mapping[str, Composable]) -> Composable:
        """Its conditions joined by AND; true where there are none."""
        return SQL(" AND ").join([conditions[n] for n in self.names]) if self.names else SQL("true")
