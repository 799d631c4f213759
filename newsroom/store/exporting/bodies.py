"""One statement a table that leaves: its rows in natural types, in an order that never changes.

All are of the temporary table ``slice`` (:mod:`newsroom.store.exporting.cut`), as of ``%(as_of)s``,
with the labels of ``%(run_id)s`` and the groups of ``%(version)s`` of the ledger. Nothing is read
here that is overwritten in place: what a row was is found in histories that only grow. The text of
an article is in none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from newsroom.records import SENTENCE_COUNTS

# The articles of one stretch: nothing is ever sorted or held whole.
_STRETCH: Final = "s.ordinal > %(low)s AND s.ordinal <= %(high)s"

_MEMBER: Final = """
member_history h ON h.article_id = s.article_id AND h.from_version <= %(version)s
       AND (h.to_version IS NULL OR h.to_version > %(version)s)
"""

_OF_RUN: Final = """
n.article_id = s.article_id AND n.content_sha256 = s.content_sha256 AND n.run_id = %(run_id)s
   AND n.made_at <= %(as_of)s
"""

# The last reading of a front page that was stored by then.
_READING: Final = """
coalesce(l.stored_at, l.made_at) <= %(as_of)s
   AND NOT EXISTS (SELECT FROM front_page_layouts r
                    WHERE r.snapshot_id = l.snapshot_id AND r.layout > l.layout
                      AND coalesce(r.stored_at, r.made_at) <= %(as_of)s)
"""


def _label(column: str, stage: str, scope: str) -> str:
    return f"max(n.{column}) FILTER (WHERE n.stage = '{stage}' AND n.scope = '{scope}')"


_LABELS: Final = {
    "category": _label("label", "category", "article"),
    "topic": _label("label", "topic", "article"),
    "topic_confidence": _label("confidence", "topic", "article"),
    "subtopic": _label("label", "subtopic", "article"),
    "news_type": _label("label", "news_type", "article"),
    "news_type_confidence": _label("confidence", "news_type", "article"),
    "reason_news_type": _label("reason", "news_type", "article"),
    "article_lean": _label("score", "lean", "article"),
    "article_lean_confidence": _label("confidence", "lean", "article"),
    "reason_article_lean": _label("reason", "lean", "article"),
    "article_tone": _label("score", "tone", "article"),
    "article_tone_confidence": _label("confidence", "tone", "article"),
    "reason_article_tone": _label("reason", "tone", "article"),
    "title_lean": _label("score", "lean", "headline"),
    "reason_title_lean": _label("reason", "lean", "headline"),
    "title_tone": _label("score", "tone", "headline"),
    "takeaways": _label("text", "takeaways", "article"),
}
_STAGES: Final = sorted({stage.value for stage, _ in SENTENCE_COUNTS})
_COUNTS: Final = ", ".join(
    [f"count(*) FILTER (WHERE n.stage = '{stage}') AS {stage}" for stage in _STAGES]
    + [
        f"count(*) FILTER (WHERE n.label = '{label}' AND n.stage = '{stage.value}') AS {name}"
        for (stage, label), name in SENTENCE_COUNTS.items()
    ]
)
# Null where nobody asked: a question that was not answered has no zeros.
_COUNTED: Final = ", ".join(
    f"CASE WHEN q.{stage.value} > 0 THEN q.{name} END AS {name}"
    for (stage, _), name in SENTENCE_COUNTS.items()
)

_ARTICLES: Final = f"""
SELECT s.article_id, s.revision, s.content_sha256, a.url, a.canonical_url AS url_clean, a.title,
       s.publisher_id AS publisher, p.name AS publisher_full, a.published_at AS datetime,
       (a.published_at AT TIME ZONE 'UTC')::date AS publish_date,
       to_char(s.sort_at AT TIME ZONE 'UTC', 'YYYY-MM') AS yearmo, s.sort_at AS listed_at,
       a.date_source, a.fetched_at, a.language, a.words, a.bylines, a.section, a.form,
       a.free_access, c.wire_source, c.duplicate_of, c.duplicate_reason, h.event_id AS cluster_id,
       h.story_id, %(run_id)s::text AS run_id, l.*, {_COUNTED}, f.best_rank, 1 AS weight_article,
       1 / s.outlet_articles::double precision AS weight_outlet,
       1 / log(2, 1 + f.best_rank)::double precision AS weight_prominence
  FROM slice s
  JOIN articles a USING (article_id, revision)
  LEFT JOIN LATERAL (SELECT name FROM publisher_history o
                      WHERE o.publisher_id = s.publisher_id AND o.stored_at <= %(as_of)s
                      ORDER BY o.stored_at DESC, o.entry_id DESC LIMIT 1) p ON true
  LEFT JOIN LATERAL (SELECT wire_source, duplicate_of, duplicate_reason FROM copy_history o
                      WHERE o.article_id = s.article_id AND o.revision = s.revision
                        AND o.stored_at <= %(as_of)s
                      ORDER BY o.stored_at DESC, o.entry_id DESC LIMIT 1) c ON true
  LEFT JOIN {_MEMBER}
  LEFT JOIN LATERAL (SELECT {", ".join(f"{sql} AS {name}" for name, sql in _LABELS.items())}
                       FROM annotations n WHERE {_OF_RUN} AND n.scope <> 'sentence') l ON true
  LEFT JOIN LATERAL (SELECT {_COUNTS} FROM annotations n
                      WHERE {_OF_RUN} AND n.scope = 'sentence') q ON true
  LEFT JOIN LATERAL (SELECT min(k.rank) AS best_rank
                       FROM front_page_links k JOIN front_page_layouts l USING (snapshot_id, layout)
                      WHERE k.article_id = s.article_id AND k.publisher_id = s.publisher_id
                        AND {_READING}) f ON true
 WHERE {_STRETCH}
 ORDER BY s.ordinal
"""  # noqa: S608  # made of constants

# OFFSET 0 lets an article's labels be looked up by its index, however many others there are: a scan
# of all of them for every stretch would make the whole grow with its square.
_SENTENCES: Final = f"""
SELECT s.article_id, s.content_sha256, q.sentence, q.sent_type, q.sent_type_confidence, q.sent_tone,
       q.sent_tone_confidence, q.sent_focus, q.sent_focus_confidence, %(run_id)s::text AS run_id
  FROM slice s
 CROSS JOIN LATERAL (
       SELECT n.sentence,
              max(n.label) FILTER (WHERE n.stage = 'sentence_type') AS sent_type,
              max(n.confidence) FILTER (WHERE n.stage = 'sentence_type') AS sent_type_confidence,
              max(n.label) FILTER (WHERE n.stage = 'sentence_tone') AS sent_tone,
              max(n.confidence) FILTER (WHERE n.stage = 'sentence_tone') AS sent_tone_confidence,
              max(n.label) FILTER (WHERE n.stage = 'sentence_focus') AS sent_focus,
              max(n.confidence) FILTER (WHERE n.stage = 'sentence_focus') AS sent_focus_confidence
         FROM annotations n WHERE {_OF_RUN} AND n.scope = 'sentence'
        GROUP BY n.sentence OFFSET 0) q
 WHERE {_STRETCH}
 ORDER BY s.ordinal, q.sentence
"""  # noqa: S608  # made of constants

_ANNOTATIONS: Final = f"""
SELECT n.annotation_id, n.article_id, n.content_sha256, n.stage, n.scope, n.sentence, n.label,
       n.score, n.confidence, n.distribution, n.scale, n.validated, n.text, n.reason, n.evidence,
       n.labeller, n.labeller_revision, n.codebook_version, n.prompt_digest, n.run_id,
       n.memory_sequence, n.answer_id, n.made_at
  FROM slice s CROSS JOIN LATERAL (SELECT * FROM annotations n WHERE {_OF_RUN} OFFSET 0) n
 WHERE {_STRETCH}
 ORDER BY s.ordinal, n.annotation_id
"""  # noqa: S608  # made of constants


def _title(of: str) -> str:
    # What the next renaming says was there before, else what stands, else what was last said.
    return f"""coalesce(
        (SELECT x.title_before FROM lineage x
          WHERE x.to_ids @> ARRAY[{of}] AND x.title_before IS NOT NULL
            AND x.version > %(version)s ORDER BY x.entry_id LIMIT 1),
        (SELECT e.title FROM events e WHERE e.event_id = {of}),
        (SELECT t.title FROM stories t WHERE t.story_id = {of}),
        (SELECT x.title FROM lineage x
          WHERE x.to_ids @> ARRAY[{of}] AND x.title IS NOT NULL
            AND x.version <= %(version)s ORDER BY x.entry_id DESC LIMIT 1))"""  # noqa: S608  # our own names


_EVENTS: Final = f"""
SELECT g.cluster_id, g.story_id, {_title("g.cluster_id")} AS theme,
       {_title("g.story_id")} AS story_theme, w.articles, g.articles_in_slice,
       g.publishers_in_slice, g.first_at, g.last_at
  FROM (SELECT h.event_id AS cluster_id, min(h.story_id) AS story_id,
               count(*) AS articles_in_slice,
               count(DISTINCT s.publisher_id) AS publishers_in_slice,
               min(s.sort_at) AS first_at, max(s.sort_at) AS last_at
          FROM slice s JOIN {_MEMBER} WHERE h.event_id IS NOT NULL GROUP BY h.event_id) g
  JOIN LATERAL (SELECT count(*) AS articles FROM member_history h
                 WHERE h.event_id = g.cluster_id AND h.from_version <= %(version)s
                   AND (h.to_version IS NULL OR h.to_version > %(version)s)) w ON true
 ORDER BY g.first_at, g.cluster_id
"""  # noqa: S608  # made of constants

_EVENT_MEMBERS: Final = f"""
SELECT h.event_id AS cluster_id, h.story_id, s.article_id, s.publisher_id AS publisher, h.role,
       v.at AS since
  FROM slice s JOIN {_MEMBER} JOIN ledger_versions v ON v.version = h.from_version
 WHERE {_STRETCH}
 ORDER BY s.ordinal
"""  # noqa: S608  # made of constants

_EVENT_LINEAGE: Final = f"""
WITH groups AS MATERIALIZED (
    SELECT h.event_id AS id FROM slice s JOIN {_MEMBER} WHERE h.event_id IS NOT NULL
     UNION SELECT h.story_id FROM slice s JOIN {_MEMBER}
), entries AS (
    SELECT DISTINCT l.entry_id
      FROM lineage l, LATERAL unnest(l.from_ids || l.to_ids) AS i(id)
     WHERE l.version <= %(version)s AND i.id IN (SELECT id FROM groups)
)
SELECT l.entry_id, l.version, v.at, v.actor, l.level, l.kind, l.from_ids, l.to_ids, l.articles,
       l.title, l.title_before, l.reason, l.undo_of, l.edit
  FROM entries JOIN lineage l USING (entry_id) JOIN ledger_versions v USING (version)
 ORDER BY l.entry_id
"""  # noqa: S608  # made of constants

_PLACEMENTS: Final = f"""
SELECT k.snapshot_id, k.layout, k.position, k.publisher_id AS publisher, k.taken_at, k.article_id,
       k.url, k.headline, k.kind, k.section, k.rank, k.score, k.x, k.y, k.width, k.height,
       k.font_px, k.image, k.image_px2, k.above_fold, k.method, k.links_on_page
  FROM slice s
 CROSS JOIN LATERAL (
       SELECT k.*, l.method, l.links AS links_on_page
         FROM front_page_links k JOIN front_page_layouts l USING (snapshot_id, layout)
        WHERE k.article_id = s.article_id AND {_READING} OFFSET 0) k
 WHERE {_STRETCH}
 ORDER BY s.ordinal, k.taken_at, k.snapshot_id, k.position
"""  # noqa: S608  # made of constants

_SOURCE_HEALTH: Final = """
SELECT h.publisher_id AS publisher, h.day, h.starts_at, h.ends_at, h.complete, h.verdict,
       h.reasons, h.warnings, h.crawls, h.crawls_cut, h.listings, h.pages, h.kept_out, h.articles,
       h.refused, h.failed, h.titles, h.dates, h.bylines, h.words_median, h.front_pages_expected,
       h.front_pages_taken
  FROM (SELECT DISTINCT ON (publisher_id, day) * FROM source_health_history
         WHERE stored_at <= %(as_of)s
           AND (%(publisher)s::text[] IS NULL OR publisher_id = ANY(%(publisher)s::text[]))
           AND (%(first_day)s::date IS NULL OR day >= %(first_day)s::date)
           AND (%(last_day)s::date IS NULL OR day <= %(last_day)s::date)
         ORDER BY publisher_id, day, stored_at DESC, entry_id DESC) h
 ORDER BY h.day, h.publisher_id
"""

BODIES: Final[Mapping[str, str]] = {
    "articles": _ARTICLES,
    "sentences": _SENTENCES,
    "annotations": _ANNOTATIONS,
    "events": _EVENTS,
    "event_members": _EVENT_MEMBERS,
    "event_lineage": _EVENT_LINEAGE,
    "placements": _PLACEMENTS,
    "source_health": _SOURCE_HEALTH,
}
# Whose rows are those of articles, and come a stretch of them at a time.
STRETCHED: Final = frozenset(
    {"articles", "sentences", "annotations", "event_members", "placements"}
)

# Of the outlets and days that a slice is about, how many were seen well.
COMPLETENESS: Final = """
SELECT h.publisher_id AS publisher, count(*) AS days_judged,
       count(*) FILTER (WHERE h.complete AND h.verdict IN ('ok', 'quiet')) AS days_complete,
       count(*) FILTER (WHERE h.verdict = 'kept-out') AS days_kept_out,
       count(*) FILTER (WHERE h.verdict = 'broken') AS days_broken,
       count(*) FILTER (WHERE h.verdict = 'not-crawled') AS days_not_crawled
  FROM (SELECT DISTINCT ON (publisher_id, day) * FROM source_health_history
         WHERE stored_at <= %(as_of)s
           AND (%(publisher)s::text[] IS NULL OR publisher_id = ANY(%(publisher)s::text[]))
           AND (%(first_day)s::date IS NULL OR day >= %(first_day)s::date)
           AND (%(last_day)s::date IS NULL OR day <= %(last_day)s::date)
         ORDER BY publisher_id, day, stored_at DESC, entry_id DESC) h
 GROUP BY h.publisher_id ORDER BY h.publisher_id
"""
