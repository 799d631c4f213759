"""How each outlet's days were, and the days on which its silence means nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from psycopg.rows import DictRow

from newsroom.db import Conn

DAYS: Final = """
SELECT publisher_id, day, starts_at, ends_at, judged_at, complete, verdict, reasons, warnings,
       last_look_at, next_look_at, crawls, crawls_cut, listings, pages, kept_out, articles,
       refused, failed, titles, dates, bylines, words_median, front_pages_expected,
       front_pages_taken
  FROM source_health
 WHERE (%(publisher_ids)s::text[] IS NULL OR publisher_id = ANY(%(publisher_ids)s::text[]))
   AND (%(first)s::date IS NULL OR day >= %(first)s::date)
   AND (%(last)s::date IS NULL OR day <= %(last)s::date)
   AND (%(verdict)s::text IS NULL OR verdict = %(verdict)s::text)
   AND day <= coalesce(%(after_day)s::date, 'infinity')
   AND (%(after_day)s::date IS NULL OR day < %(after_day)s::date
        OR publisher_id > %(after_id)s::text)
 ORDER BY day DESC, publisher_id LIMIT %(rows)s
"""

COUNT: Final = """
SELECT count(*) AS n FROM source_health
 WHERE (%(publisher_ids)s::text[] IS NULL OR publisher_id = ANY(%(publisher_ids)s::text[]))
   AND (%(first)s::date IS NULL OR day >= %(first)s::date)
   AND (%(last)s::date IS NULL OR day <= %(last)s::date)
   AND (%(verdict)s::text IS NULL OR verdict = %(verdict)s::text)
"""

# Of consecutive days with one verdict, day less row number is one and the same date. Reasons start
# with a code; the figures behind it differ from day to day.
GAPS: Final = """
WITH stated AS (
    SELECT p.publisher_id, d.day::date AS day, coalesce(h.reasons, '{}') AS reasons,
           CASE WHEN h.day IS NULL THEN 'not-crawled'
                WHEN h.verdict IN ('ok', 'quiet') AND NOT h.complete THEN 'unfinished'
                ELSE h.verdict END AS verdict
      FROM publishers p
     CROSS JOIN generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d(day)
      LEFT JOIN source_health h ON h.publisher_id = p.publisher_id AND h.day = d.day::date
     WHERE p.publisher_id = ANY(%(publisher_ids)s::text[])
), spans AS (
    SELECT publisher_id, verdict, day, reasons, day - row_number() OVER (
               PARTITION BY publisher_id, verdict ORDER BY day)::integer AS span
      FROM stated WHERE verdict NOT IN ('ok', 'quiet')
)
SELECT publisher_id, verdict, min(day) AS first_day, max(day) AS last_day,
       count(DISTINCT day) AS days,
       coalesce(array_agg(DISTINCT split_part(r.reason, ' ', 1))
                    FILTER (WHERE r.reason IS NOT NULL), '{}') AS reasons
  FROM spans LEFT JOIN LATERAL unnest(reasons) AS r(reason) ON true
 GROUP BY publisher_id, verdict, span
 ORDER BY publisher_id, first_day
"""


def days(
    conn: Conn,
    publisher_ids: Sequence[str] | None,
    *,
    first: date | None = None,
    last: date | None = None,
    verdict: str | None = None,
    after: tuple[date, str] | None = None,
    rows: int,
) -> list[DictRow]:
    """Up to ``rows`` judged days, newest first and by outlet within a day.

    ``after`` is the (day, publisher_id) of the last row of the page before. A day on which an
    outlet was not crawled may have no row: :func:`gaps` names those too.
    """
    values = {
        "publisher_ids": None if publisher_ids is None else list(publisher_ids),
        "first": first,
        "last": last,
        "verdict": verdict,
        "after_day": after[0] if after else None,
        "after_id": after[1] if after else None,
        "rows": rows,
    }
    return conn.execute(DAYS, values).fetchall()


def count(
    conn: Conn,
    publisher_ids: Sequence[str] | None,
    *,
    first: date | None = None,
    last: date | None = None,
    verdict: str | None = None,
) -> int:
    """How many judged days answer."""
    values = {
        "publisher_ids": None if publisher_ids is None else list(publisher_ids),
        "first": first,
        "last": last,
        "verdict": verdict,
    }
    row = conn.execute(COUNT, values).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def gaps(conn: Conn, publisher_ids: Sequence[str], first: date, last: date) -> list[DictRow]:
    """The days from ``first`` to ``last`` on which a missing article must not be read as absence.

    One row for each run of days of one outlet with one verdict: ``not-crawled`` (we did not look),
    ``kept-out`` (the outlet refused us), ``broken`` (what came falls short of its floors),
    ``unfinished`` (judged before the day was over); ``reasons`` are codes. Days are those of the
    outlet's time zone. Nothing is ever put in the place of what is missing.
    """
    values = {"publisher_ids": list(publisher_ids), "first": first, "last": last}
    return conn.execute(GAPS, values).fetchall()
