"""What people decide about runs: which one readers see, and the panels runs are compared on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import psycopg

from newsroom.db import Conn
from newsroom.errors import BadRequest, Later, NotFound, Refused
from newsroom.store.reading import drift
from newsroom.store.reading import runs as reading

# Readers of promotions go on; another promotion waits.
LOCK_PROMOTIONS = "LOCK TABLE promotions IN SHARE ROW EXCLUSIVE MODE"

PROMOTE = """
INSERT INTO promotions (promotion_id, run_id, promoted_at, reason)
SELECT coalesce(max(promotion_id), 0) + 1, %(run_id)s, now(), %(reason)s FROM promotions
"""

STRATA = """
SELECT publisher_id, date_trunc('month', sort_at)::date AS month, count(*) AS articles
  FROM articles
 WHERE superseded_at IS NULL AND (%(since)s::timestamptz IS NULL OR sort_at >= %(since)s)
   AND (%(until)s::timestamptz IS NULL OR sort_at < %(until)s)
 GROUP BY 1, 2 ORDER BY 1, 2
"""

ADD_PANEL = """
INSERT INTO panels (panel, articles, seed, since, until, made_at)
VALUES (%(panel)s, %(articles)s, %(seed)s, %(since)s, %(until)s, now())
"""

# The order within a stratum is that of a digest: the same seed draws the same articles anywhere.
DRAW = """
INSERT INTO panel_articles (panel, article_id, content_sha256, publisher_id, month, probability)
SELECT %(panel)s, article_id, content_sha256, publisher_id, month, t.drawn::float8 / t.articles
  FROM (SELECT article_id, content_sha256, publisher_id,
               date_trunc('month', sort_at)::date AS month,
               row_number() OVER (PARTITION BY publisher_id, date_trunc('month', sort_at)
                                  ORDER BY md5(%(seed)s::text || ':' || article_id)) AS place
          FROM articles
         WHERE superseded_at IS NULL AND (%(since)s::timestamptz IS NULL OR sort_at >= %(since)s)
           AND (%(until)s::timestamptz IS NULL OR sort_at < %(until)s)) a
  JOIN unnest(%(publishers)s::text[], %(months)s::date[], %(drawn)s::int[], %(articles)s::int[])
       AS t(publisher_id, month, drawn, articles) USING (publisher_id, month)
 WHERE a.place <= t.drawn
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """How many current articles the new run covers, and how many the one before did."""

    articles: int
    articles_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """An outlet in a month: its articles, and how many of them are drawn."""

    publisher_id: str
    month: date
    articles: int
    drawn: int


def promote(conn: Conn, run_id: str, reason: str, *, partial: bool) -> Promoted:
    """Let readers see this run from now on.

    Raises NotFound ``run-unknown``; Refused ``run-promoted`` where it is seen already,
    ``run-covers-less`` where it covers fewer current articles than the one before, unless
    ``partial``; BadRequest ``reason-missing``.
    """
    if not reason.strip():
        raise BadRequest("reason-missing", "say why this run is promoted")
    conn.execute(LOCK_PROMOTIONS)
    wanted = reading.one(conn, run_id)
    before = reading.promoted(conn)
    articles_before = 0
    if before is not None:
        if before["run_id"] == run_id:
            raise Refused("run-promoted", f"run {run_id} is the promoted one already")
        articles_before = int(reading.one(conn, before["run_id"])["articles"])
    articles = int(wanted["articles"])
    if articles < articles_before and not partial:
        raise Refused(
            "run-covers-less",
            f"run {run_id} covers {articles} current articles, the promoted one {articles_before}",
        )
    conn.execute(PROMOTE, {"run_id": run_id, "reason": reason.strip()})
    return Promoted(articles=articles, articles_before=articles_before)


def strata(
    conn: Conn, since: datetime | None, until: datetime | None
) -> list[Mapping[str, object]]:
    """Current articles by outlet and month (UTC) of a span of time, ``until`` excluded."""
    return list(conn.execute(STRATA, {"since": since, "until": until}))


def add_panel(
    conn: Conn,
    panel: str,
    drawn: Sequence[Stratum],
    *,
    seed: int,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Freeze a sample. Raises Refused ``panel-taken`` where there is one of that name."""
    values = {
        "panel": panel,
        "seed": seed,
        "since": since,
        "until": until,
        "publishers": [s.publisher_id for s in drawn],
        "months": [s.month for s in drawn],
        "drawn": [s.drawn for s in drawn],
    }
    try:
        conn.execute(ADD_PANEL, values | {"articles": sum(s.drawn for s in drawn)})
    except psycopg.errors.UniqueViolation as error:
        raise Refused(
            "panel-taken", f"there is a panel {panel}: panels are never changed"
        ) from error
    found = conn.execute(DRAW, values | {"articles": [s.articles for s in drawn]}).rowcount
    if found != sum(s.drawn for s in drawn):
        raise Later("panel-moved", "articles were revised while the panel was drawn: try again")


def require_panel(conn: Conn, panel: str) -> Mapping[str, object]:
    """One panel. Raises NotFound ``panel-unknown``."""
    row = drift.panel(conn, panel)
    if row is None:
        raise NotFound("panel-unknown", f"no panel {panel[:80]}")
    return row
