"""Disputes, overrides and the public change log, as readers see them."""

from __future__ import annotations

from typing import Any, Final

from psycopg.rows import DictRow

from newsroom.db import Conn
from newsroom.errors import NotFound
from newsroom.store.disputes import Label

_DISPUTE: Final = """
SELECT d.dispute_id, d.article_id, d.content_sha256, d.run_id, d.stage, d.scope, d.sentence,
       d.wrong, d.suggested_label, d.suggested_score, d.reason, d.by, d.made_at,
       CASE WHEN r.outcome IS NULL THEN 'open' ELSE 'resolved' END AS state,
       r.outcome, r.note, r.by AS resolved_by, r.resolved_at
  FROM disputes d
  LEFT JOIN LATERAL (SELECT outcome, note, by, resolved_at FROM dispute_resolutions
                      WHERE dispute_id = d.dispute_id ORDER BY resolution_id DESC LIMIT 1) r ON true
"""

DISPUTES: Final = f"""
{_DISPUTE}
 WHERE (%(before)s::bigint IS NULL OR d.dispute_id < %(before)s::bigint)
   AND (%(article)s::text IS NULL OR d.article_id = %(article)s::text)
   AND (%(state)s::text IS NULL OR (r.outcome IS NULL) = (%(state)s::text = 'open'))
 ORDER BY d.dispute_id DESC LIMIT %(rows)s
"""

DISPUTE: Final = f"{_DISPUTE} WHERE d.dispute_id = %(dispute_id)s"

COUNT_DISPUTES: Final = """
SELECT count(*) AS n FROM disputes d
 WHERE (%(article)s::text IS NULL OR d.article_id = %(article)s::text)
   AND (%(state)s::text IS NULL OR NOT EXISTS (
        SELECT FROM dispute_resolutions r WHERE r.dispute_id = d.dispute_id)
        = (%(state)s::text = 'open'))
"""

_OVERRIDE: Final = """
SELECT o.override_id, o.annotation_id, o.article_id, n.content_sha256, o.overridden, n.run_id,
       n.stage, n.scope, n.sentence, n.label, n.score, n.reason, n.evidence, o.dispute_id, o.by,
       o.made_at,
       EXISTS (SELECT FROM articles a WHERE a.article_id = n.article_id
                  AND a.content_sha256 = n.content_sha256 AND a.superseded_at IS NULL)
       AND NOT EXISTS (SELECT FROM overrides p JOIN annotations m USING (annotation_id)
                        WHERE p.article_id = o.article_id AND p.override_id > o.override_id
                          AND m.content_sha256 = n.content_sha256 AND m.stage = n.stage
                          AND m.scope = n.scope AND m.sentence IS NOT DISTINCT FROM n.sentence)
           AS current
  FROM overrides o JOIN annotations n USING (annotation_id)
"""

OVERRIDES: Final = f"""
{_OVERRIDE}
 WHERE (%(before)s::bigint IS NULL OR o.override_id < %(before)s::bigint)
   AND (%(article)s::text IS NULL OR o.article_id = %(article)s::text)
 ORDER BY o.override_id DESC LIMIT %(rows)s
"""

OVERRIDE: Final = f"{_OVERRIDE} WHERE o.override_id = %(override_id)s"

COUNT_OVERRIDES: Final = """
SELECT count(*) AS n FROM overrides
 WHERE (%(article)s::text IS NULL OR article_id = %(article)s::text)
"""

# Everything that people, or decisions about runs, changed in what readers see.
_LOG: Final = """
SELECT d.made_at AS at, 'dispute-' || d.dispute_id AS change_id, 'dispute' AS kind, d.by,
       d.article_id, NULL::text AS event_id, d.run_id, d.reason,
       jsonb_build_object('stage', d.stage, 'scope', d.scope, 'sentence', d.sentence,
           'wrong', d.wrong, 'suggested_label', d.suggested_label,
           'suggested_score', d.suggested_score) AS details
  FROM disputes d
 UNION ALL
SELECT r.resolved_at, 'resolution-' || r.resolution_id, 'resolution', r.by, d.article_id, NULL,
       d.run_id, r.note, jsonb_build_object('dispute_id', r.dispute_id, 'outcome', r.outcome)
  FROM dispute_resolutions r JOIN disputes d USING (dispute_id)
 UNION ALL
SELECT o.made_at, 'override-' || o.override_id, 'override', o.by, o.article_id, NULL, o.overridden,
       n.reason,
       jsonb_build_object('stage', n.stage, 'scope', n.scope, 'sentence', n.sentence,
           'label', n.label, 'score', n.score, 'dispute_id', o.dispute_id, 'made_run_id', n.run_id)
  FROM overrides o JOIN annotations n USING (annotation_id)
 UNION ALL
SELECT v.at, 'edit-' || l.entry_id, 'event-edit', v.actor, NULL,
       coalesce(l.from_ids[1], l.to_ids[1]), NULL, l.reason,
       jsonb_build_object('entry_id', l.entry_id, 'level', l.level, 'edit', l.kind,
           'from_ids', l.from_ids, 'to_ids', l.to_ids, 'articles', l.articles, 'title', l.title,
           'undo_of', l.undo_of)
  FROM ledger_versions v JOIN lineage l USING (version)
 WHERE v.actor LIKE 'human:%%' AND (l.edit OR l.undo_of IS NOT NULL)
 UNION ALL
SELECT p.promoted_at, 'promotion-' || p.promotion_id, 'promotion', 'operator', NULL, NULL,
       p.run_id, p.reason, '{}'
  FROM promotions p
 UNION ALL
SELECT t.taken_at, 'takedown-' || t.article_id, 'takedown', 'operator', t.article_id, NULL, NULL,
       t.reason, jsonb_build_object('publisher_id', t.publisher_id)
  FROM takedowns t
"""

CHANGES: Final = f"""
SELECT at, change_id, kind, by, article_id, event_id, run_id, reason, details FROM ({_LOG}) log
 WHERE (%(before_at)s::timestamptz IS NULL
        OR (at, change_id) < (%(before_at)s::timestamptz, %(before_id)s::text))
   AND (%(kind)s::text IS NULL OR kind = %(kind)s::text)
 ORDER BY at DESC, change_id DESC LIMIT %(rows)s
"""  # noqa: S608 (a constant of this module)

COUNT_CHANGES: Final = f"""
SELECT count(*) AS n FROM ({_LOG}) log
 WHERE %(kind)s::text IS NULL OR kind = %(kind)s::text
"""  # noqa: S608

# What readers see is disputed: the current text, in the promoted run unless another is named.
TARGET: Final = """
SELECT a.content_sha256, a.text, r.run_id, r.codebook_version, r.codebook_digest, c.content
  FROM articles a
  JOIN runs r ON r.run_id = coalesce(
       %(run_id)s::text, (SELECT run_id FROM promotions ORDER BY promotion_id DESC LIMIT 1))
  JOIN codebooks c ON (c.version, c.digest) = (r.codebook_version, r.codebook_digest)
 WHERE a.article_id = %(article_id)s AND a.superseded_at IS NULL
"""

TAKEN_DOWN: Final = """
SELECT taken_at, reason FROM takedowns WHERE article_id = %(article_id)s
"""


def disputes(
    conn: Conn, *, article: str | None, state: str | None, before: object, rows: int
) -> list[DictRow]:
    """Up to ``rows`` disputes, newest first, behind a number; each with its last decision."""
    values = {"article": article, "state": state, "before": before, "rows": rows}
    return conn.execute(DISPUTES, values).fetchall()


def count_disputes(conn: Conn, *, article: str | None, state: str | None) -> int:
    """How many there are."""
    return _count(conn, COUNT_DISPUTES, {"article": article, "state": state})


def dispute(conn: Conn, dispute_id: int) -> DictRow:
    """One dispute. Raises NotFound ``not-found``."""
    row = conn.execute(DISPUTE, {"dispute_id": dispute_id}).fetchone()
    if row is None:
        raise NotFound("not-found", f"no dispute {dispute_id}")
    return row


def overrides(conn: Conn, *, article: str | None, before: object, rows: int) -> list[DictRow]:
    """Up to ``rows`` overrides, newest first, behind a number.

    ``current`` is the last one of its label, made on the text of now.
    """
    return conn.execute(OVERRIDES, {"article": article, "before": before, "rows": rows}).fetchall()


def count_overrides(conn: Conn, *, article: str | None) -> int:
    """How many there are."""
    return _count(conn, COUNT_OVERRIDES, {"article": article})


def override(conn: Conn, override_id: int) -> DictRow:
    """One override. Raises NotFound ``not-found``."""
    row = conn.execute(OVERRIDE, {"override_id": override_id}).fetchone()
    if row is None:
        raise NotFound("not-found", f"no override {override_id}")
    return row


def changes(
    conn: Conn, *, kind: str | None, before_at: object, before_id: object, rows: int
) -> list[DictRow]:
    """Up to ``rows`` changes by people, newest first, behind a key."""
    values = {"kind": kind, "before_at": before_at, "before_id": before_id, "rows": rows}
    return conn.execute(CHANGES, values).fetchall()


def count_changes(conn: Conn, *, kind: str | None) -> int:
    """How many there are."""
    return _count(conn, COUNT_CHANGES, {"kind": kind})


def target(
    conn: Conn,
    article_id: str,
    run_id: str | None,
    *,
    stage: str,
    scope: str,
    sentence: int | None,
) -> tuple[Label, str, dict[str, Any]]:
    """The label that is spoken of, with the text it is of and the codebook it is under.

    Raises NotFound ``gone`` or ``not-found`` without an article, ``no-codebook`` without a run.
    """
    row = conn.execute(TARGET, {"article_id": article_id, "run_id": run_id}).fetchone()
    if row is None:
        raise absent(conn, article_id)
    label = Label(
        article_id=article_id,
        content_sha256=row["content_sha256"],
        run_id=row["run_id"],
        codebook_version=row["codebook_version"],
        codebook_digest=row["codebook_digest"],
        stage=stage,
        scope=scope,
        sentence=sentence,
    )
    return label, row["text"], row["content"]


def absent(conn: Conn, article_id: str) -> NotFound:
    """Why there is no such article: it was taken down (``gone``), or never was (``not-found``)."""
    row = conn.execute(TAKEN_DOWN, {"article_id": article_id}).fetchone()
    if row is None:
        return NotFound("not-found", f"no article {article_id[:80]}")
    day = f"{row['taken_at']:%Y-%m-%d}"
    return NotFound("gone", f"article {article_id} was taken down on {day}: {row['reason']}")


def _count(conn: Conn, sql: str, values: dict[str, object]) -> int:
    row = conn.execute(sql, values).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])
