"""Who covered events and who did not: what the judgement reads, and what it leaves for readers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from newsroom.db import Conn

OUTLETS = "SELECT publisher_id, name, timezone FROM publishers ORDER BY publisher_id"

# The topic of an event is the one that most of its articles have.
EVENTS = """
SELECT e.event_id, e.title, e.first_at, e.last_at, t.topic
  FROM events e
  LEFT JOIN LATERAL (
       SELECT n.label AS topic
         FROM event_members m
         JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
         JOIN annotations n ON n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
              AND n.run_id = %(run_id)s AND n.stage = 'topic' AND n.scope = 'article'
        WHERE m.event_id = e.event_id
        GROUP BY n.label ORDER BY count(*) DESC, n.label LIMIT 1) t ON true
 WHERE e.last_at >= %(since)s
 ORDER BY e.first_at, e.event_id
"""

COUNTS = """
SELECT m.event_id, a.publisher_id, count(*) AS articles,
       count(*) FILTER (WHERE a.wire_source IS NOT NULL OR a.duplicate_reason = 'wire-copy')
           AS copies
  FROM events e
  JOIN event_members m ON m.event_id = e.event_id
  JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
 WHERE e.last_at >= %(since)s
 GROUP BY m.event_id, a.publisher_id
"""

# Live blogs, sponsored pieces and their like (form) are counted, and stay out of averages. Shares
# are of sentences, which come in articles: the sums over articles give them their interval.
OF_GROUP = """
WITH pieces AS (
    SELECT a.article_id, a.content_sha256, a.publisher_id, a.form, a.sort_at,
           a.wire_source IS NOT NULL OR coalesce(a.duplicate_reason = 'wire-copy', false) AS copy
      FROM event_members m
      JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
     WHERE m.event_id = %(group_id)s OR m.story_id = %(group_id)s
), labelled AS (
    SELECT p.article_id, p.publisher_id,
           avg(n.score) FILTER (WHERE n.stage = 'lean') AS lean,
           avg(n.score) FILTER (WHERE n.stage = 'tone') AS tone,
           count(*) FILTER (WHERE n.stage = 'sentence_type') AS sentences,
           count(*) FILTER (WHERE n.stage = 'sentence_type' AND n.label = 'fact') AS facts,
           count(*) FILTER (WHERE n.stage = 'sentence_type' AND n.label = 'opinion') AS opinions,
           count(*) FILTER (WHERE n.stage = 'sentence_type' AND n.label = 'quote') AS quotes
      FROM pieces p
      JOIN annotations n ON n.article_id = p.article_id AND n.content_sha256 = p.content_sha256
           AND n.run_id = %(run_id)s
           AND (n.scope = 'article' AND n.stage IN ('lean', 'tone')
                OR n.scope = 'sentence' AND n.stage = 'sentence_type')
     WHERE p.form IS NULL
     GROUP BY p.article_id, p.publisher_id
), measured AS (
    SELECT publisher_id,
           avg(lean) AS lean_mean, stddev_samp(lean) AS lean_sd, count(lean) AS lean_n,
           avg(tone) AS tone_mean, stddev_samp(tone) AS tone_sd, count(tone) AS tone_n,
           sum(sentences)::bigint AS sentences,
           count(*) FILTER (WHERE sentences > 0) AS sentence_articles,
           sum(sentences * sentences)::double precision AS sentences_squared,
           sum(facts)::bigint AS facts, sum(opinions)::bigint AS opinions,
           sum(quotes)::bigint AS quotes,
           sum(facts * sentences)::double precision AS facts_crossed,
           sum(opinions * sentences)::double precision AS opinions_crossed,
           sum(quotes * sentences)::double precision AS quotes_crossed,
           sum(facts * facts)::double precision AS facts_squared,
           sum(opinions * opinions)::double precision AS opinions_squared,
           sum(quotes * quotes)::double precision AS quotes_squared
      FROM labelled GROUP BY publisher_id
), counted AS (
    SELECT publisher_id, count(*) AS articles, count(*) FILTER (WHERE copy) AS copies,
           count(form) AS special, min(sort_at) AS first_at
      FROM pieces GROUP BY publisher_id
)
SELECT c.publisher_id, o.name AS publisher, c.articles, c.copies, c.special, c.first_at,
       m.lean_mean, m.lean_sd, coalesce(m.lean_n, 0) AS lean_n,
       m.tone_mean, m.tone_sd, coalesce(m.tone_n, 0) AS tone_n,
       coalesce(m.sentences, 0) AS sentences, coalesce(m.sentence_articles, 0) AS sentence_articles,
       m.sentences_squared, m.facts, m.opinions, m.quotes, m.facts_crossed, m.opinions_crossed,
       m.quotes_crossed, m.facts_squared, m.opinions_squared, m.quotes_squared
  FROM counted c
  JOIN publishers o USING (publisher_id)
  LEFT JOIN measured m USING (publisher_id)
 ORDER BY c.articles DESC, c.publisher_id
"""

# Every look at a front page in a span of time, also those that failed, with the ranks at which
# pieces of the event stood. What stands there for its clicks or for money has no rank.
LOOKS = """
SELECT f.publisher_id, f.taken_at, f.status IN ('ok', 'thin') AS came,
       coalesce(array_agg(k.rank ORDER BY k.rank) FILTER (WHERE k.rank IS NOT NULL), '{}') AS ranks
  FROM front_pages f
  LEFT JOIN front_page_links k ON k.snapshot_id = f.snapshot_id
       AND k.article_id IN (SELECT article_id FROM event_members WHERE event_id = %(event_id)s)
       AND NOT EXISTS (SELECT FROM front_page_layouts n
                        WHERE n.snapshot_id = k.snapshot_id AND n.layout > k.layout)
 WHERE f.taken_at >= %(first)s AND f.taken_at <= %(last)s
 GROUP BY f.publisher_id, f.taken_at, f.snapshot_id, f.status
 ORDER BY f.publisher_id, f.taken_at, f.snapshot_id
"""

ADD_RUN = """
INSERT INTO coverage_runs (judged_at, since, until, version, rules, events, outlets, pairs, claims,
                           by_chance)
VALUES (%(judged_at)s, %(since)s, %(until)s, %(version)s, %(rules)s, %(events)s, %(outlets)s,
        %(pairs)s, %(claims)s, %(by_chance)s)
RETURNING coverage_run_id
"""

ADD_VERDICT = """
INSERT INTO coverage_verdicts (coverage_run_id, event_id, publisher_id, verdict, expected, q,
                               past_events, days, days_crawled)
VALUES (%(coverage_run_id)s, %(event_id)s, %(publisher_id)s, %(verdict)s, %(expected)s, %(q)s,
        %(past_events)s, %(days)s, %(days_crawled)s)
"""

THIN_OUT = """
DELETE FROM coverage_verdicts WHERE coverage_run_id < %(coverage_run_id)s AND verdict <> 'blindspot'
"""

LAST_RUN = """
SELECT coverage_run_id, judged_at, since, until, version, rules, events, outlets, pairs, claims,
       by_chance
  FROM coverage_runs ORDER BY coverage_run_id DESC LIMIT 1
"""

BLINDSPOTS = """
SELECT v.event_id, e.title, e.first_at, e.last_at, e.articles, e.publishers, v.publisher_id,
       p.name AS publisher, v.expected, v.q, v.past_events, v.days, v.days_crawled
  FROM coverage_verdicts v
  JOIN publishers p USING (publisher_id)
  JOIN events e USING (event_id)
 WHERE v.coverage_run_id = %(coverage_run_id)s AND v.verdict = 'blindspot'
 ORDER BY v.q, v.expected DESC, v.event_id, v.publisher_id
"""

OUTCOMES = """
SELECT verdict, count(*) AS n FROM coverage_verdicts
 WHERE coverage_run_id = %(coverage_run_id)s GROUP BY verdict ORDER BY n DESC, verdict
"""

VERDICTS_OF_EVENT = """
SELECT v.publisher_id, p.name AS publisher, v.verdict, v.expected, v.q, v.past_events, v.days,
       v.days_crawled, r.judged_at
  FROM coverage_verdicts v
  JOIN coverage_runs r USING (coverage_run_id)
  JOIN publishers p USING (publisher_id)
 WHERE v.event_id = %(event_id)s
   AND v.coverage_run_id = (SELECT max(coverage_run_id) FROM coverage_runs)
 ORDER BY v.expected DESC NULLS LAST, v.publisher_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRun:
    """One judgement of all absences from the events that ended between two times."""

    judged_at: datetime
    since: datetime
    until: datetime
    version: str
    rules: Mapping[str, object]
    events: int
    outlets: int
    pairs: int
    claims: int
    by_chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An outlet of which no article of an event was found; ``expected`` is None if not judged."""

    event_id: str
    publisher_id: str
    verdict: str
    expected: float | None
    q: float | None
    past_events: int
    days: int
    days_crawled: int


def outlets(conn: Conn) -> list[DictRow]:
    """Every outlet with its time zone, by id."""
    return conn.execute(OUTLETS).fetchall()


def events(conn: Conn, since: datetime, run_id: str | None) -> list[DictRow]:
    """Events with an article since a time, by their beginning; the topic is of a labelling run."""
    return conn.execute(EVENTS, {"since": since, "run_id": run_id}).fetchall()


def counts(conn: Conn, since: datetime) -> list[DictRow]:
    """Articles of those events by outlet, and how many of them an agency wrote."""
    return conn.execute(COUNTS, {"since": since}).fetchall()


def of_group(conn: Conn, group_id: str, run_id: str | None) -> list[DictRow]:
    """What each outlet brought of an event or a story: counts, means, and sums over sentences.

    Of x sentences of a kind among s of an article, ``…_crossed`` is Σxs and ``…_squared`` Σx².
    """
    return conn.execute(OF_GROUP, {"group_id": group_id, "run_id": run_id}).fetchall()


def looks(conn: Conn, event_id: str, first: datetime, last: datetime) -> list[DictRow]:
    """Looks at front pages between two times, and where pieces of the event stood on them."""
    return conn.execute(LOOKS, {"event_id": event_id, "first": first, "last": last}).fetchall()


def save(conn: Conn, run: CoverageRun, verdicts: Iterable[Verdict]) -> int:
    """Store a judgement; of those before it only the blindspots stay. Its number."""
    row = conn.execute(ADD_RUN, asdict(run) | {"rules": Jsonb(dict(run.rules))}).fetchone()
    assert row is not None
    number = {"coverage_run_id": int(row["coverage_run_id"])}
    with conn.cursor() as cursor:
        cursor.executemany(ADD_VERDICT, [asdict(verdict) | number for verdict in verdicts])
    conn.execute(THIN_OUT, number)
    return number["coverage_run_id"]


def last_run(conn: Conn) -> DictRow | None:
    """The last judgement, if there was one."""
    return conn.execute(LAST_RUN).fetchone()


def blindspots(conn: Conn, coverage_run_id: int) -> Sequence[DictRow]:
    """The blindspots of a judgement, the surest first; events that are gone since are left out."""
    return conn.execute(BLINDSPOTS, {"coverage_run_id": coverage_run_id}).fetchall()


def outcomes(conn: Conn, coverage_run_id: int) -> list[DictRow]:
    """How many absences of a judgement came to which verdict."""
    return conn.execute(OUTCOMES, {"coverage_run_id": coverage_run_id}).fetchall()


def verdicts_of(conn: Conn, event_id: str) -> Sequence[DictRow]:
    """What the last judgement said of outlets absent from an event, the most expected first."""
    return conn.execute(VERDICTS_OF_EVENT, {"event_id": event_id}).fetchall()
