"""A made-up newsroom of any size: ``python -m benchmarks.made_up_corpus --articles 1000000``.

Fills the migrated, empty database at DATABASE_URL; whoever measures calls :func:`fill`. Everything
is a function of a seed and of the number of the article, computed by PostgreSQL itself: nothing of
any real article is in it. Outlets differ in size (Zipf), lean and tone; topics are Zipf over those
of the codebook; sentence labels have about the shares of docs/quality.md. Events are runs of about
ten articles that follow each other, in stories of about fifty, and the ledger has a version a day.
Front pages show the last twenty articles of two days, once a day and outlet.

Rows lie in the order in which they would have come: the labels of an article together, made ten
minutes after it. Labels are made by one connection and loaded by another; indexes are taken away
and built again in the end, as they were. Constraints that point elsewhere and the triggers that
keep histories are off meanwhile, since nothing is ever changed in it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import psycopg
from psycopg.sql import SQL, Composable, Identifier, Literal

SEED: Final = 20_261_123
RUN: Final = "feedfacefeedfacefeedfacefeedface"
OTHER_RUN: Final = "beefcafebeefcafebeefcafebeefcafe"
OUTLETS: Final = 40
DAYS: Final = 365
BATCH: Final = 50_000  # articles

_PREPARE: Final = f"""
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '128MB';
SET maintenance_work_mem = '1GB';
CREATE FUNCTION pg_temp.u(i bigint, what text) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashtextextended(what || i, {SEED}) & 1073741823) / 1073741824.0::double precision $$;
CREATE FUNCTION pg_temp.normal(i bigint, what text) RETURNS double precision LANGUAGE sql IMMUTABLE
    AS $$ SELECT sqrt(-2 * ln(1e-9 + pg_temp.u(i, what || 'r'))) * cos(6.283185307 * pg_temp.u(i, what || 'a')) $$;
CREATE FUNCTION pg_temp.score(x double precision) RETURNS double precision LANGUAGE sql IMMUTABLE
    AS $$ SELECT greatest(-5, least(5, round(x::numeric, 2)))::double precision $$;
CREATE FUNCTION pg_temp.hex(kind text, i bigint) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT md5({SEED} || kind || '-' || i) $$;
"""

_OUTLETS: Final = f"""
INSERT INTO publishers (publisher_id, name, domain, country, language, timezone, demo, verified)
SELECT 'outlet' || n, 'Made-up Outlet ' || n, 'outlet' || n || '.example', 'US', 'en', 'UTC', true, false
  FROM generate_series(0, {OUTLETS - 1}) n;
INSERT INTO publisher_history (publisher_id, name, stored_at)
SELECT publisher_id, name, '-infinity' FROM publishers;
INSERT INTO codebooks VALUES ('v1', repeat('0', 64), '{{}}');
INSERT INTO runs (run_id, labeller, labeller_revision, codebook_version, codebook_digest, code_version, started_at)
VALUES ('{RUN}', 'embedded', 'made-up', 'v1', repeat('0', 64), 'made-up', '2025-10-31Z'),
       ('{OTHER_RUN}', 'scripted', 'made-up', 'v1', repeat('0', 64), 'made-up', '2025-10-31Z');
INSERT INTO promotions VALUES (1, '{RUN}', '2025-10-31Z', 'made up');
INSERT INTO ledger_versions
SELECT day, '2025-11-01Z'::timestamptz + day * interval '1 day', 'grouping:made-up' FROM generate_series(1, {DAYS}) day;
INSERT INTO source_health (publisher_id, day, starts_at, ends_at, judged_at, verdict, reasons, warnings,
    crawls, crawls_cut, listings, pages, kept_out, articles, refused, failed, titles, dates, bylines,
    words_median, front_pages_expected, front_pages_taken)
SELECT publisher_id, day, day, day + interval '1 day', day + interval '25 hours',
       CASE WHEN pg_temp.u(extract(day FROM day)::bigint, publisher_id) < 0.03 THEN 'broken' ELSE 'ok' END,
       '{{}}', '{{}}', 24, 0, '{{"answered": 24}}', 60, 0, 30, '{{}}', '{{}}', 30, 30, 28, 500, 5, 5
  FROM publishers, generate_series('2025-11-01'::date, '2026-10-31', interval '1 day') day;
INSERT INTO source_health_history (publisher_id, day, starts_at, ends_at, complete, verdict, reasons,
    warnings, crawls, crawls_cut, listings, pages, kept_out, articles, refused, failed, titles, dates,
    bylines, words_median, front_pages_expected, front_pages_taken, stored_at)
SELECT publisher_id, day, starts_at, ends_at, complete, verdict, reasons,
    warnings, crawls, crawls_cut, listings, pages, kept_out, articles, refused, failed, titles, dates,
    bylines, words_median, front_pages_expected, front_pages_taken, judged_at FROM source_health;
"""

# The number of the outlet falls as a power of a uniform: the largest has about a fifth of all.
_ARTICLES: Final = f"""
INSERT INTO articles (article_id, revision, publisher_id, url, canonical_url, title, text, text_sha256,
    content_sha256, language, words, bylines, published_at, date_source, section, page_id, via, extractor,
    fetched_at, bands, stored_at)
SELECT pg_temp.hex('a', i), 1, o.id, 'https://' || o.id || '.example/' || i, 'https://' || o.id || '.example/' || i,
       (ARRAY['Council', 'Senate', 'Governor', 'Company', 'Hospital', 'School board', 'Court', 'Union'])[1 + floor(8 * pg_temp.u(i, 's'))]
       || (ARRAY[' delays ', ' weighs ', ' opens ', ' rejects ', ' backs ', ' reviews '])[1 + floor(6 * pg_temp.u(i, 'v'))]
       || (ARRAY['ferry vote', 'budget plan', 'water rules', 'transit bill', 'housing law', 'trade deal'])[1 + floor(6 * pg_temp.u(i, 'o'))]
       || ', report ' || i,
       repeat('Made-up words of an article that nobody wrote. ', 12), pg_temp.hex('t', i) || pg_temp.hex('T', i),
       pg_temp.hex('c', i) || pg_temp.hex('C', i), 'en', 120 + floor(900 * pg_temp.u(i, 'w') ^ 2), '{{Made Up}}', o.at, 'page', 'News',
       pg_temp.hex('g', i), 'feed', 'made-up', o.at + interval '20 minutes', '{{}}', o.at + interval '21 minutes'
  FROM generate_series(%(low)s, %(high)s - 1) i,
       LATERAL (SELECT 'outlet' || floor({OUTLETS} * pg_temp.u(i, 'p') ^ 2) AS id,
                       '2025-11-01Z'::timestamptz + ({DAYS} * 86400.0 * i / %(articles)s) * interval '1 second' AS at) o
"""

_PAGES: Final = """
INSERT INTO pages (page_id, url, final_url, canonical_url, publisher_id, fetched_at, status, content_type,
    body_sha256, body_bytes, via, warc_file, warc_offset)
SELECT page_id, url, url, canonical_url, publisher_id, fetched_at, 200, 'text/html', content_sha256, 60000,
       'feed', 'made-up', 0 FROM articles
"""

_REFUSALS: Final = """
INSERT INTO refusals (refusal_id, publisher_id, url, source, code, message, page_id, seen_at)
SELECT md5('r' || article_id), publisher_id, url, 'feed',
       (ARRAY['not-article', 'too-short', 'paywall-stub', 'soft-404'])[1 + words % 4], 'made up', page_id, fetched_at
  FROM articles WHERE words % 20 = 0
"""

_WORK: Final = """
INSERT INTO work (article_id, stage, content_sha256, state, due_at, changed_at)
SELECT article_id, stage, content_sha256, 'done', stored_at, stored_at + interval '10 minutes'
  FROM articles, unnest('{label,remember}'::text[]) stage
"""

_SIGHTINGS: Final = """
INSERT INTO sightings (article_id, seen_at, finding, revision, stored_at)
SELECT article_id, fetched_at, 'shown', 1, stored_at FROM articles
"""

_COLUMNS: Final = """article_id, content_sha256, stage, scope, sentence, label, score, confidence,
    distribution, scale, validated, evidence, labeller, labeller_revision, codebook_version, run_id, made_at"""

# OFFSET 0: what belongs to an article is computed once, not once a label.
_LABELS: Final = f"""
SELECT p.article_id, p.content_sha256, l.stage, l.scope, l.sentence, l.label, l.score,
       round(l.confidence::numeric, 3)::double precision,
       CASE WHEN l.score IS NOT NULL THEN '{{{{"left": 0.25, "center": 0.5, "right": 0.25}}}}'::jsonb END,
       CASE WHEN l.score IS NOT NULL THEN 'mapped3' END, l.scope <> 'headline', l.evidence,
       'embedded'::text, 'made-up'::text, 'v1'::text, '{RUN}'::text, p.at + interval '31 minutes'
  FROM (SELECT i, pg_temp.hex('a', i) AS article_id, pg_temp.hex('c', i) || pg_temp.hex('C', i) AS content_sha256,
               floor({OUTLETS} * pg_temp.u(i, 'p') ^ 2)::bigint AS outlet,
               (ARRAY['government', 'elections', 'economy', 'crime', 'foreign_affairs', 'courts', 'business',
                      'healthcare', 'immigration', 'environment_and_energy', 'education', 'sports'])
               [1 + floor(12 * pg_temp.u(i, 'topic') ^ 2)] AS topic,
               pg_temp.u(i, 'type') AS type, pg_temp.u(i, 'sure') AS sure,
               '2025-11-01Z'::timestamptz + ({DAYS} * 86400.0 * i / {{articles}}) * interval '1 second' AS at
          FROM generate_series({{low}}, {{high}} - 1) i OFFSET 0) p,
       LATERAL (
         VALUES
         ('lean', 'article', NULL::integer, NULL, pg_temp.score(4 * (pg_temp.u(p.outlet, 'lean') - 0.5) + 1.2 * pg_temp.normal(p.i, 'lean')),
          0.35 + 0.6 * p.sure, '{{{{0,2}}}}'::integer[]),
         ('tone', 'article', NULL, NULL, pg_temp.score(-1.2 + 1.8 * pg_temp.normal(p.i, 'tone')), 0.3 + 0.6 * p.sure, '{{{{1}}}}'),
         ('lean', 'headline', NULL, NULL, pg_temp.score(3 * (pg_temp.u(p.outlet, 'lean') - 0.5) + 1.5 * pg_temp.normal(p.i, 'hl')), 0.4, '{{{{}}}}'),
         ('category', 'article', NULL, CASE WHEN p.topic IN ('economy', 'business') THEN 'business_and_economy'
                                            WHEN p.topic = 'sports' THEN 'sports' ELSE 'politics' END, NULL, p.sure, '{{{{}}}}'),
         ('topic', 'article', NULL, p.topic, NULL, 0.9 * p.sure, '{{{{}}}}'),
         ('subtopic', 'article', NULL, p.topic || '_' || floor(4 * pg_temp.u(p.i, 'sub')), NULL, 0.8 * p.sure, '{{{{}}}}'),
         ('news_type', 'article', NULL, CASE WHEN p.type < 0.78 THEN 'news report' WHEN p.type < 0.88 THEN 'news analysis'
                                             ELSE 'opinion' END, NULL, 0.5 + 0.5 * p.sure, '{{{{}}}}')
         UNION ALL
         SELECT (ARRAY['sentence_type', 'sentence_tone', 'sentence_focus'])[1 + j % 3], 'sentence', j / 3,
                CASE j % 3
                  WHEN 0 THEN CASE WHEN x.u < 0.62 THEN 'fact' WHEN x.u < 0.82 THEN 'quote' WHEN x.u < 0.89 THEN 'other'
                                   WHEN x.u < 0.95 THEN 'opinion' ELSE 'borderline' END
                  WHEN 1 THEN CASE WHEN x.u < 0.70 THEN 'neutral' WHEN x.u < 0.92 THEN 'negative' ELSE 'positive' END
                  ELSE CASE WHEN x.u < 0.75 THEN 'neither' WHEN x.u < 0.85 THEN 'democrat' WHEN x.u < 0.95 THEN 'republican'
                            ELSE 'both' END
                END, NULL, 0.5 + 0.5 * x.u, '{{{{}}}}'
           FROM generate_series(0, {{labels}} - 1) j, LATERAL (SELECT pg_temp.u(p.i * 1000 + j, 'x') AS u OFFSET 0) x
       ) AS l(stage, scope, sentence, label, score, confidence, evidence)
"""

_OUTCOMES: Final = f"""
INSERT INTO run_outcomes (run_id, article_id, content_sha256, at)
SELECT '{RUN}', article_id, content_sha256, stored_at + interval '10 minutes' FROM articles
"""

# Nine articles in ten are in the event of their ten.
_MEMBERS: Final = """
INSERT INTO event_members (article_id, event_id, story_id, score, method)
SELECT pg_temp.hex('a', i), CASE WHEN pg_temp.u(i, 'e') < 0.9 THEN pg_temp.hex('e', i / 10) END,
       pg_temp.hex('s', i / 50), 0.7, 'made-up'
  FROM generate_series(%(low)s, %(high)s - 1) i
"""

_HISTORY: Final = f"""
INSERT INTO member_history (article_id, event_id, story_id, role, score, from_version)
SELECT pg_temp.hex('a', i), CASE WHEN pg_temp.u(i, 'e') < 0.9 THEN pg_temp.hex('e', i / 10) END,
       pg_temp.hex('s', i / 50), 'core', 0.7, 1 + {DAYS} * i / %(articles)s
  FROM generate_series(%(low)s::bigint, %(high)s - 1) i
"""

_GROUPS: Final = """
INSERT INTO {table} ({key}, title, title_article_id, first_at, last_at, articles, publishers, method, closed_at, version{more})
SELECT m.{key}, min(a.title), min(a.article_id), min(a.sort_at), max(a.sort_at), count(*),
       count(DISTINCT a.publisher_id), 'made-up', CASE WHEN max(a.sort_at) < '2026-10-25Z' THEN max(a.sort_at) + interval '3 days' END,
       (SELECT max(from_version) FROM member_history h WHERE h.{key} = m.{key}){value}
  FROM event_members m JOIN articles a USING (article_id) WHERE m.{key} IS NOT NULL GROUP BY m.{key};
INSERT INTO lineage (version, level, kind, from_ids, to_ids, articles, title, reason)
SELECT version, '{level}', 'created', '{{}}', ARRAY[{key}],
       ARRAY(SELECT article_id FROM event_members m WHERE m.{key} = g.{key} ORDER BY 1), title, 'made up'
  FROM {table} g ORDER BY version, {key};
"""
_STORIES: Final = _GROUPS.format(table="stories", level="story", key="story_id", more="", value="")
_EVENTS: Final = _GROUPS.format(
    table="events", level="event", key="event_id", more=", story_id", value=", min(m.story_id)"
)

# A look a day at noon: of the last two days, the twenty articles of the outlet that came last.
_FRONT_PAGES: Final = """
INSERT INTO front_pages (snapshot_id, publisher_id, url, taken_at, status, body_sha256, warc_file, warc_offset)
SELECT pg_temp.hex('f' || p.publisher_id, d), p.publisher_id, 'https://' || p.domain,
       '2025-11-01 12:00Z'::timestamptz + d * interval '1 day', 'ok', pg_temp.hex('b', d), 'made-up', d
  FROM publishers p, generate_series(0, 364) d;
INSERT INTO front_page_layouts (snapshot_id, layout, made_at, version, method, why, viewport_w, viewport_h,
    sheets, sheets_gone, links, stored_at)
SELECT snapshot_id, 1, taken_at, 'made-up', 'heuristic', 'no-browser', 1280, 800, 0, 0, 20, taken_at FROM front_pages;
INSERT INTO front_page_links (snapshot_id, layout, position, rank, publisher_id, taken_at, article_id, url,
    canonical_url, headline, kind, font_px, image, score)
SELECT f.snapshot_id, 1, l.n, l.n, f.publisher_id, f.taken_at, l.article_id, l.url, l.canonical_url, l.title,
       'story', 40 - l.n, l.n < 6, 21 - l.n
  FROM front_pages f,
       LATERAL (SELECT row_number() OVER (ORDER BY a.sort_at DESC, a.article_id DESC) AS n, a.*
                  FROM (SELECT * FROM articles a WHERE a.publisher_id = f.publisher_id AND a.superseded_at IS NULL
                           AND a.sort_at <= f.taken_at AND a.sort_at > f.taken_at - interval '2 days' ORDER BY a.sort_at DESC, a.article_id DESC LIMIT 20) a) l;
"""


# What is filled row by row loses its indexes meanwhile: all but the keys that others point at.
_LARGE: Final = ("articles", "annotations")
_INDEXES: Final = """
SELECT x.indexrelid::regclass::text AS index, c.conname AS named,
       coalesce(pg_get_constraintdef(c.oid), pg_get_indexdef(x.indexrelid)) AS made
  FROM pg_index x LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.contype IN ('u', 'p')
 WHERE x.indrelid = %s::regclass AND NOT x.indisprimary
   AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conindid = x.indexrelid AND f.contype = 'f')
 ORDER BY 1
"""


@contextmanager
def _without_indexes(conn: psycopg.Connection) -> Iterator[None]:
    again: list[Composable] = []
    for table in _LARGE:
        for index, constraint, made in conn.execute(_INDEXES, (table,)).fetchall():
            alter = SQL("ALTER TABLE {} ").format(Identifier(table))
            if constraint is None:
                conn.execute(SQL("DROP INDEX {}").format(Identifier(index)))
                again.append(SQL(made))
            else:
                name = Identifier(constraint)
                conn.execute(alter + SQL("DROP CONSTRAINT {}").format(name))
                again.append(alter + SQL("ADD CONSTRAINT {} ").format(name) + SQL(made))
    yield
    for statement in again:
        conn.execute(statement)


def _label(maker: psycopg.Connection, loader: psycopg.Connection, part: dict[str, int]) -> None:
    made = SQL(_LABELS).format(**{name: Literal(value) for name, value in part.items()})
    rows = SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(made)
    kept = SQL(f"COPY annotations ({_COLUMNS}) FROM STDIN (FORMAT binary)")
    with maker.cursor().copy(rows) as out, loader.cursor().copy(kept) as into:
        for data in out:
            into.write(data)


def fill(
    url: str, *, articles: int, labels: int = 40, told: Callable[[str], None] = lambda _line: None
) -> float:
    """Fill a migrated, empty database; the seconds it took.

    ``labels`` is the number of sentence labels of every article, in threes by sentence.
    """
    began = time.perf_counter()

    def say(what: str) -> None:
        told(f"{what}, {time.perf_counter() - began:.0f} s")

    # Neither keeps a transaction open, or the last VACUUM would find nothing that all can see.
    connect = partial(psycopg.connect, autocommit=True)
    with connect(url) as conn, connect(url) as maker:
        conn.execute(_PREPARE)
        maker.execute(_PREPARE)
        conn.execute(_OUTLETS)
        with _without_indexes(conn):
            for low in range(0, articles, BATCH):
                part = {"low": low, "high": min(low + BATCH, articles), "articles": articles}
                for statement in (_ARTICLES, _MEMBERS, _HISTORY):
                    conn.execute(statement, part)
                _label(maker, conn, part | {"labels": labels})
                say(f"{part['high']} of {articles} articles")
        say("indexes")
        conn.execute("ANALYZE")
        for statement in (_PAGES, _REFUSALS, _WORK, _SIGHTINGS, _OUTCOMES):
            conn.execute(statement)
        for statement in (_STORIES, _EVENTS, _FRONT_PAGES):
            conn.execute(statement)
        say("the rest")
        conn.execute("VACUUM ANALYZE")
    say("all")
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--labels", type=int, default=40, help="sentence labels of an article")
    arguments = parser.parse_args()
    fill(
        os.environ["DATABASE_URL"],
        articles=arguments.articles,
        labels=arguments.labels,
        told=lambda line: print(line, file=sys.stderr),
    )


if __name__ == "__main__":
    main()
