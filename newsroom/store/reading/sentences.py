"""Labels of single sentences, and how many of each kind an article has."""

from __future__ import annotations

from typing import Final

from psycopg.rows import DictRow
from psycopg.sql import SQL, Composable, Identifier, Literal

from newsroom.db import Conn
from newsroom.records import SENTENCE_COUNTS
from newsroom.store.reading.where import made


def _counted(stage: str, label: str, name: str) -> Composable:
    # Null where nobody asked: a question that was not answered has no zeros.
    return SQL(
        "{name}, CASE WHEN count(*) FILTER (WHERE n.stage = {stage}) > 0 "
        "THEN count(*) FILTER (WHERE n.stage = {stage} AND n.label = {label}) END"
    ).format(name=Literal(name), stage=Literal(stage), label=Literal(label))


# Of the text of ``a``, in the run readers see; null where no sentence was labelled.
_COUNTS: Final = SQL("""
SELECT CASE WHEN count(*) > 0 THEN jsonb_build_object({counts}) END AS sentence_counts
  FROM annotations n
 WHERE n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
   AND n.run_id = %(run_id)s AND n.scope = 'sentence' {made}
""")
_COLUMNS: Final = SQL(", ").join(
    _counted(stage.value, label, name) for (stage, label), name in SENTENCE_COUNTS.items()
)


# The same, counted as they came: one look-up where the labels are dozens.
_COUNTED: Final = SQL("""
SELECT jsonb_build_object({counts}) AS sentence_counts FROM sentence_counts n
 WHERE n.article_id = a.article_id AND n.run_id = %(run_id)s
   AND n.content_sha256 = a.content_sha256
""").format(
    counts=SQL(", ").join(
        SQL("{}, n.{}").format(Literal(name), Identifier(name)) for name in SENTENCE_COUNTS.values()
    )
)


def counts(*, then: bool) -> Composable:
    """A statement of at most one row: the sentences of an article ``a`` by label."""
    return _COUNTS.format(counts=_COLUMNS, made=made("n", then=True)) if then else _COUNTED


OF_ARTICLE: Final = """
SELECT n.sentence, n.stage, n.label, n.score, n.confidence, n.validated, n.reason
  FROM annotations n
  JOIN articles a ON a.article_id = n.article_id AND a.content_sha256 = n.content_sha256
 WHERE n.article_id = %(article_id)s AND n.run_id = %(run_id)s AND n.scope = 'sentence'
   AND a.superseded_at IS NULL
 ORDER BY n.sentence, n.stage
"""

TEXT: Final = """
SELECT text FROM articles WHERE article_id = %(article_id)s AND superseded_at IS NULL
"""


def of_article(conn: Conn, article_id: str, run_id: str | None) -> list[DictRow]:
    """The labels of the sentences of the current text in one run, in the order of the text."""
    return conn.execute(OF_ARTICLE, {"article_id": article_id, "run_id": run_id}).fetchall()


def text(conn: Conn, article_id: str) -> str | None:
    """The current text, to find its sentences in; None where there is no such article."""
    row = conn.execute(TEXT, {"article_id": article_id}).fetchone()
    return None if row is None else str(row["text"])
