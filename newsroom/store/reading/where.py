"""The one place where SQL is put together: conditions chosen by name from a fixed set.

A caller gives names and values; the names pick conditions written here, the values are bound.
Conditions speak of ``a`` (an article), ``e`` (an event), ``s`` (a story), ``r`` (a refusal), ``n``
(an annotation) or ``f`` (a front page), whichever table their set belongs to. ``%(run_id)s``, the
run readers see, is bound by every query; through null nothing is labelled.

A question is of now, or as of a time: then ``%(as_of)s`` and ``%(version)s``, that of the ledger at
the time, are bound too. A revision counts that the outlet showed then and that was stored by then,
labels that were made by then, and the groups in which the ledger had it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from psycopg.sql import SQL, Composable

_SHOWN_NOW: Final = SQL("a.superseded_at IS NULL")
# Of what was stored by then, what was shown last. Without stored_at it was stored before that was
# noted, so as early as it can have been. A revision without a sighting is one whose page was read
# again since by another extractor: it was shown when it was fetched.
_SHOWN_THEN: Final = SQL("""
(coalesce(a.stored_at, a.fetched_at) <= %(as_of)s AND a.revision = (
    SELECT o.revision
      FROM articles o
      LEFT JOIN sightings v ON v.article_id = o.article_id AND v.revision = o.revision
           AND coalesce(v.stored_at, v.seen_at) <= %(as_of)s
     WHERE o.article_id = a.article_id AND coalesce(o.stored_at, o.fetched_at) <= %(as_of)s
       AND (v.seen_at IS NULL OR v.finding = 'shown' AND v.seen_at <= %(as_of)s)
     ORDER BY coalesce(v.seen_at, o.fetched_at) DESC, o.revision DESC LIMIT 1))
""")
_MEMBERS_NOW: Final = SQL("event_members")
_MEMBERS_THEN: Final = SQL("""
(SELECT article_id, event_id, story_id, score, role FROM member_history
  WHERE from_version <= %(version)s AND (to_version IS NULL OR to_version > %(version)s))
""")


def shown(*, then: bool) -> Composable:
    """Which revision of an article ``a`` counts."""
    return _SHOWN_THEN if then else _SHOWN_NOW


def made(alias: str, *, then: bool) -> Composable:
    """Further condition on a label; nothing for now."""
    return SQL("AND " + alias + ".made_at <= %(as_of)s") if then else SQL("")


def members(*, then: bool) -> Composable:
    """The relation of articles with their groups."""
    return _MEMBERS_THEN if then else _MEMBERS_NOW


# The label of one article: of its text, in the run readers see.
LABEL: Final = SQL("""
EXISTS (SELECT FROM annotations n
 WHERE n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
   AND n.run_id = %(run_id)s AND {this} {made} {fence})
""")
# Looked up for one article after the other, in the order of the list, until a page is full. Without
# it the planner may find every article of a topic first: seconds, of a million, for fifty rows.
_ONE_BY_ONE: Final = SQL("OFFSET 0")

# What became of its text there: one row, where the labels are many.
LABELLED: Final = SQL("""
EXISTS (SELECT FROM run_outcomes o
         WHERE o.run_id = %(run_id)s AND o.article_id = a.article_id
           AND o.content_sha256 = a.content_sha256 AND o.code IS NULL {by_then})
""")

_GROUPED: Final = SQL(
    "EXISTS (SELECT FROM {members} m WHERE m.article_id = a.article_id AND {this})"
)


def _of_articles(*, then: bool, walked: bool = False) -> Mapping[str, Composable]:
    fence = _ONE_BY_ONE if walked else SQL("")

    def labelled(this: str) -> Composable:
        return LABEL.format(this=SQL(this), made=made("n", then=then), fence=fence)

    def grouped(this: str) -> Composable:
        return _GROUPED.format(members=members(then=then), this=SQL(this))

    tried = LABELLED.format(by_then=SQL("AND o.at <= %(as_of)s" if then else ""))
    return {
        "publisher": SQL("a.publisher_id = ANY(%(publisher)s)"),
        "language": SQL("a.language = %(language)s"),
        "published_from": SQL("a.sort_at >= %(published_from)s"),
        "published_to": SQL("a.sort_at < %(published_to)s"),
        "q": SQL("to_tsvector('english', a.title) @@ websearch_to_tsquery('english', %(q)s)"),
        "duplicates": SQL("a.duplicate_of IS NULL"),
        "event": grouped("m.event_id = %(event)s"),
        "story": grouped("m.story_id = %(story)s"),
        "category": labelled(
            "n.stage = 'category' AND n.scope = 'article' AND n.label = %(category)s"
        ),
        "topic": labelled("n.stage = 'topic' AND n.scope = 'article' AND n.label = %(topic)s"),
        "subtopic": labelled(
            "n.stage = 'subtopic' AND n.scope = 'article' AND n.label = %(subtopic)s"
        ),
        "news_type": labelled(
            "n.stage = 'news_type' AND n.scope = 'article' AND n.label = %(news_type)s"
        ),
        "lean_min": labelled(
            "n.stage = 'lean' AND n.scope = 'article' AND n.score >= %(lean_min)s"
        ),
        "lean_max": labelled(
            "n.stage = 'lean' AND n.scope = 'article' AND n.score <= %(lean_max)s"
        ),
        "tone_min": labelled(
            "n.stage = 'tone' AND n.scope = 'article' AND n.score >= %(tone_min)s"
        ),
        "tone_max": labelled(
            "n.stage = 'tone' AND n.scope = 'article' AND n.score <= %(tone_max)s"
        ),
        "labelled": tried,
        "unlabelled": SQL("NOT {}").format(tried),
        "after": SQL("(a.sort_at, a.article_id) < (%(after_at)s, %(after_id)s)"),
        "after_oldest": SQL("(a.sort_at, a.article_id) > (%(after_at)s, %(after_id)s)"),
    }


ARTICLES: Final = _of_articles(then=False)
ARTICLES_THEN: Final = _of_articles(then=True)
_WALKED: Final = {then: _of_articles(then=then, walked=True) for then in (False, True)}

_PIECE: Final = (
    "EXISTS (SELECT FROM event_members m JOIN articles a ON a.article_id = m.article_id "
    "AND a.superseded_at IS NULL WHERE "
)
_MEMBER: Final = _PIECE + "m.event_id = e.event_id AND {} OFFSET 0)"
_STORY_MEMBER: Final = _PIECE + "m.story_id = s.story_id AND {} OFFSET 0)"
_OF_OUTLET: Final = SQL("a.publisher_id = %(without)s")

EVENTS: Final[Mapping[str, Composable]] = {
    "publisher": SQL(_MEMBER).format(ARTICLES["publisher"]),
    "without": SQL("NOT " + _MEMBER).format(_OF_OUTLET),
    "topic": SQL(_MEMBER).format(ARTICLES["topic"]),
    "story": SQL("e.story_id = %(story)s"),
    "min_articles": SQL("e.articles >= %(min_articles)s"),
    "published_from": SQL("e.last_at >= %(published_from)s"),
    "published_to": SQL("e.first_at < %(published_to)s"),
    "q": SQL("to_tsvector('english', e.title) @@ websearch_to_tsquery('english', %(q)s)"),
    "open": SQL("e.closed_at IS NULL"),
    "closed": SQL("e.closed_at IS NOT NULL"),
    "after": SQL("(e.last_at, e.event_id) < (%(after_at)s, %(after_id)s)"),
    "after_oldest": SQL("(e.last_at, e.event_id) > (%(after_at)s, %(after_id)s)"),
    "after_size": SQL("(e.articles, e.event_id) < (%(after_n)s, %(after_id)s)"),
}

STORIES: Final[Mapping[str, Composable]] = {
    "publisher": SQL(_STORY_MEMBER).format(ARTICLES["publisher"]),
    "without": SQL("NOT " + _STORY_MEMBER).format(_OF_OUTLET),
    "open": SQL("s.closed_at IS NULL"),
    "closed": SQL("s.closed_at IS NOT NULL"),
    "min_articles": SQL("s.articles >= %(min_articles)s"),
    "published_from": SQL("s.last_at >= %(published_from)s"),
    "published_to": SQL("s.first_at < %(published_to)s"),
    "q": SQL("to_tsvector('english', s.title) @@ websearch_to_tsquery('english', %(q)s)"),
    "after": SQL("(s.last_at, s.story_id) < (%(after_at)s, %(after_id)s)"),
    "after_oldest": SQL("(s.last_at, s.story_id) > (%(after_at)s, %(after_id)s)"),
    "after_size": SQL("(s.articles, s.story_id) < (%(after_n)s, %(after_id)s)"),
}

REFUSALS: Final[Mapping[str, Composable]] = {
    "publisher": SQL("r.publisher_id = ANY(%(publisher)s)"),
    "code": SQL("r.code = %(code)s"),
    "after": SQL("(r.seen_at, r.refusal_id) < (%(after_at)s, %(after_id)s)"),
}

_CURRENT_TEXT: Final = (
    "EXISTS (SELECT FROM articles a WHERE a.article_id = n.article_id "
    "AND a.content_sha256 = n.content_sha256 AND a.superseded_at IS NULL)"
)

ANNOTATIONS: Final[Mapping[str, Composable]] = {
    "article": SQL("n.article_id = %(article)s"),
    "stage": SQL("n.stage = %(stage)s"),
    "scope": SQL("n.scope = %(scope)s"),
    "label": SQL("n.label = %(label)s"),
    "publisher": SQL(
        "EXISTS (SELECT FROM articles a WHERE a.article_id = n.article_id "
        "AND a.content_sha256 = n.content_sha256 AND a.publisher_id = ANY(%(publisher)s) OFFSET 0)"
    ),
    "made_from": SQL("n.made_at >= %(made_from)s"),
    "made_to": SQL("n.made_at < %(made_to)s"),
    "current": SQL(_CURRENT_TEXT),
    "replaced": SQL("NOT " + _CURRENT_TEXT),
    "after": SQL("n.annotation_id < %(after_id)s"),
    "after_oldest": SQL("n.annotation_id > %(after_id)s"),
}

FRONT_PAGES: Final[Mapping[str, Composable]] = {
    "publisher": SQL("f.publisher_id = ANY(%(publisher)s)"),
    "status": SQL("f.status = %(status)s"),
    "taken_from": SQL("f.taken_at >= %(taken_from)s"),
    "taken_to": SQL("f.taken_at < %(taken_to)s"),
    "after": SQL("(f.taken_at, f.snapshot_id) < (%(after_at)s, %(after_id)s)"),
    "after_oldest": SQL("(f.taken_at, f.snapshot_id) > (%(after_at)s, %(after_id)s)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A question: which conditions hold, and the values they and the query are bound to.

    It is as of a time where ``as_of`` is among the values.
    """

    names: tuple[str, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def then(self) -> bool:
        """Whether it is as of a time, and not of now."""
        return self.values.get("as_of") is not None

    def and_after(self, name: str, **key: object) -> Where:
        """The same question behind the last row of a page."""
        return Where(names=(*self.names, name), values={**self.values, **key})

    def bound(self, **values: object) -> Where:
        """The same question with more values bound."""
        return Where(names=self.names, values={**self.values, **values})

    def sql(self, conditions: Mapping[str, Composable]) -> Composable:
        """Its conditions joined by AND; true where there are none."""
        return SQL(" AND ").join([conditions[n] for n in self.names]) if self.names else SQL("true")

    def articles(self, *, walked: bool = False) -> Composable:
        """Its conditions on an article ``a``, and which revision of it counts.

        ``walked``: for a page of a list, whose order is walked until the page is full.
        """
        conditions = ARTICLES_THEN if self.then else ARTICLES
        if walked:
            conditions = _WALKED[self.then]
        return SQL("{} AND {}").format(shown(then=self.then), self.sql(conditions))
