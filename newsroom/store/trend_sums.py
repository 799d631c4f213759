"""Keeps up the sums that trends are read from: those of the promoted run, day by day.

A refresh sees one state of the database. It makes the days anew whose marks it sees, and takes
these marks away; a change that commits meanwhile brings a mark that it does not see, which stays.
Who writes articles or labels therefore never waits for it, and a reader between two refreshes
counts the marked days itself (:mod:`newsroom.store.reading.trend_sums`).
"""

from __future__ import annotations

from itertools import product
from typing import Final

from psycopg.sql import SQL

from newsroom.db import Conn, Database
from newsroom.store.reading import runs, trends
from newsroom.store.reading.trend_sums import digest, of_marked, strata, summed

ONE_STATE: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('newsroom.trend_sums', 0)) AS ours"

KEPT: Final = "SELECT sum_id, run_id, metric, dimension, digest FROM trend_sums ORDER BY sum_id"
KEEP: Final = """
INSERT INTO trend_sums (run_id, metric, dimension, digest)
VALUES (%(run_id)s, %(metric)s, %(dimension)s, %(digest)s) RETURNING sum_id
"""
DROP_CELLS: Final = "DELETE FROM trend_cells WHERE sum_id = ANY(%(sum_ids)s)"
DROP_SPANS: Final = "DELETE FROM trend_spans WHERE sum_id = ANY(%(sum_ids)s)"
DROP: Final = "DELETE FROM trend_sums WHERE sum_id = ANY(%(sum_ids)s)"

MARKED_CELLS: Final = """
DELETE FROM trend_cells c USING (SELECT DISTINCT publisher_id, day FROM trend_marks) t
 WHERE c.sum_id = %(sum_id)s AND c.day = t.day AND c.publisher_id = t.publisher_id
"""
# The weeks and months of the marked days, or all: from the days, once these are as they should be.
_MARKED_SPANS: Final = SQL("""
SELECT DISTINCT publisher_id, w.span, date_trunc(w.span, day::timestamp)::date AS starts_on,
       (date_trunc(w.span, day::timestamp) + ('1 ' || w.span)::interval)::date AS ends_on
  FROM trend_marks CROSS JOIN (VALUES ('week'), ('month')) w(span)
""")
MARKED_SPANS: Final = SQL("""
DELETE FROM trend_spans c USING ({marked}) t
 WHERE c.sum_id = %(sum_id)s AND c.span = t.span AND c.starts_on = t.starts_on
   AND c.publisher_id = t.publisher_id
""").format(marked=_MARKED_SPANS)
ADD_MARKED_SPANS: Final = SQL("""
INSERT INTO trend_spans (sum_id, span, starts_on, publisher_id, label, n, k, s, q)
SELECT c.sum_id, t.span, t.starts_on, c.publisher_id, c.label,
       sum(c.n), sum(c.k), sum(c.s), sum(c.q)
  FROM ({marked}) t JOIN trend_cells c ON c.sum_id = %(sum_id)s
       AND c.publisher_id = t.publisher_id AND c.day >= t.starts_on AND c.day < t.ends_on
 GROUP BY 1, 2, 3, 4, 5
""").format(marked=_MARKED_SPANS)
ADD_SPANS: Final = """
INSERT INTO trend_spans (sum_id, span, starts_on, publisher_id, label, n, k, s, q)
SELECT c.sum_id, w.span, date_trunc(w.span, c.day::timestamp)::date, c.publisher_id, c.label,
       sum(c.n), sum(c.k), sum(c.s), sum(c.q)
  FROM trend_cells c CROSS JOIN (VALUES ('week'), ('month')) w(span)
 WHERE c.sum_id = %(sum_id)s GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 3, 4
"""
UNMARK: Final = "DELETE FROM trend_marks"

# Labels of articles lie between those of their sentences, so that each look at one stage of all of
# them reads the whole table. They are read once, into a table that is meant wherever a statement of
# this transaction says annotations: a temporary one comes before those of the schema.
LABELS_ONCE: Final = """
CREATE TEMP TABLE annotations ON COMMIT DROP AS
SELECT article_id, content_sha256, run_id, stage, scope, label, score
  FROM public.annotations WHERE run_id = %(run_id)s AND scope <> 'sentence'
"""

Sums = tuple[str, str, str, str]  # run, metric, dimension and digest

ADD: Final = SQL("""
INSERT INTO trend_cells (day, publisher_id, label, n, k, s, q, sum_id)
SELECT w.*, %(sum_id)s FROM ({strata}) w ORDER BY day, publisher_id
""")


def refresh(database: Database) -> int:
    """Make all sums of the promoted run that are missing, and the days that are marked; how many.

    Sums of other runs, or by older statements, go. Nothing is done while another refresh runs.
    """
    with database.transaction() as conn:
        run_id = runs.id_of(runs.promoted(conn))
    if run_id is None:
        return 0
    made = 0
    wanted = {
        (run_id, metric, dimension, digest(metric, dimension))
        for metric, dimension in product(trends.METRICS, ("", *trends.LABELS))
        if summed(metric, dimension)
    }
    with database.transaction() as conn:
        made += _marked(conn, wanted)
    with database.transaction() as conn:
        made += _missing(conn, run_id, wanted)
    return made


def _marked(conn: Conn, wanted: set[Sums]) -> int:
    if not _ours(conn):
        return 0
    kept = _kept(conn)
    old = [sum_id for sum_id, one in kept.items() if one not in wanted]
    conn.execute(DROP_CELLS, {"sum_ids": old})
    conn.execute(DROP_SPANS, {"sum_ids": old})
    conn.execute(DROP, {"sum_ids": old})
    current = {sum_id: one for sum_id, one in kept.items() if one in wanted}
    for sum_id, (run_id, metric, dimension, _) in current.items():
        conn.execute(MARKED_CELLS, {"sum_id": sum_id})
        anew = of_marked(metric, dimension)
        conn.execute(ADD.format(strata=anew), {"sum_id": sum_id, "run_id": run_id})
        conn.execute(MARKED_SPANS, {"sum_id": sum_id})
        conn.execute(ADD_MARKED_SPANS, {"sum_id": sum_id})
    conn.execute(UNMARK)
    return len(current)


def _missing(conn: Conn, run_id: str, wanted: set[Sums]) -> int:
    if not _ours(conn):
        return 0
    missing = wanted - set(_kept(conn).values())
    if not missing:
        return 0
    conn.execute(LABELS_ONCE, {"run_id": run_id})
    conn.execute("ANALYZE pg_temp.annotations")
    for one in sorted(missing):
        named = dict(zip(("run_id", "metric", "dimension", "digest"), one, strict=True))
        row = conn.execute(KEEP, named).fetchone()
        assert row is not None  # it was inserted
        whole = strata(named["metric"], named["dimension"])
        conn.execute(ADD.format(strata=whole), {"sum_id": row["sum_id"], "run_id": run_id})
        conn.execute(ADD_SPANS, {"sum_id": row["sum_id"]})
    conn.execute("DROP TABLE pg_temp.annotations")
    conn.execute("ANALYZE trend_cells")
    conn.execute("ANALYZE trend_spans")
    return len(missing)


def _kept(conn: Conn) -> dict[int, Sums]:
    return {
        row["sum_id"]: (row["run_id"], row["metric"], row["dimension"], row["digest"])
        for row in conn.execute(KEPT)
    }


def _ours(conn: Conn) -> bool:
    conn.execute(ONE_STATE)
    row = conn.execute(LOCK).fetchone()
    return row is not None and bool(row["ours"])
