"""Judge the stored events: read, judge, store, in one transaction."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np

from annotator.coverage import corpus
from annotator.coverage.blindspots import Rules, judge
from newsroom import __version__
from newsroom.absences import BLINDSPOT
from newsroom.db import Conn, Database
from newsroom.errors import BadRequest
from newsroom.store import coverage
from newsroom.store.coverage import CoverageRun
from newsroom.store.reading import runs, source_health

WINDOW = timedelta(days=28)
VERSION = f"coverage-1/{__version__}"


def judge_stored(
    db: Database, *, now: datetime, since: datetime | None = None, rules: Rules | None = None
) -> int:
    """Judge every event that ended from ``since`` (default: four weeks ago) to ``now``.

    Gives the number of the stored judgement. Events published in the future are left open; none of
    them makes an expectation. Raises BadRequest ``bad-since`` for a time that has not come.
    """
    rule = rules or Rules()
    start = now - WINDOW if since is None else since
    if start >= now:
        raise BadRequest("bad-since", f"{start:%Y-%m-%d} is not in the past", field="since")
    with db.transaction() as conn:
        return _judge(conn, start, now, rule)


def _judge(conn: Conn, since: datetime, now: datetime, rules: Rules) -> int:
    oldest = since - timedelta(days=rules.history_days, hours=rules.late_h)
    run_id = runs.id_of(runs.shown(conn, None))
    # What an article's page dates in the future is open at best, and has no days to look at yet.
    events = [row for row in coverage.events(conn, oldest, run_id) if row["last_at"] <= now]
    built, days, crawled = corpus.corpus(
        coverage.outlets(conn),
        events,
        coverage.counts(conn, oldest),
        partial(source_health.gaps, conn),
        late_h=rules.late_h,
    )
    judged = judge(built, since=_at(since), now=_at(now), rules=rules)
    found = list(corpus.verdicts(built, judged, days, crawled))
    run = CoverageRun(
        judged_at=now,
        since=since,
        until=now,
        version=VERSION,
        rules=asdict(rules),
        events=int((judged.verdict != "").any(axis=0).sum()),
        outlets=len(built.outlets),
        pairs=judged.pairs,
        claims=sum(verdict.verdict == BLINDSPOT for verdict in found),
        by_chance=round(judged.by_chance, 6),
    )
    return coverage.save(conn, run, found)


def _at(time: datetime) -> np.datetime64:
    return np.datetime64(time.astimezone(UTC).replace(tzinfo=None), "s")
