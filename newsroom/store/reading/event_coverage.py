"""Who covered an event, how prominently and in what tone; who did not, and what that says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from newsroom import intervals, weights
from newsroom.absences import LATE_H, said
from newsroom.db import Conn
from newsroom.exposure import Exposure, Look, exposure
from newsroom.store import coverage

SHARES: Final = {"fact": "facts", "opinion": "opinions", "quote": "quotes"}
KEPT: Final = ("publisher_id", "publisher", "articles", "copies", "special", "first_at")


def of_event(
    conn: Conn, event: Mapping[str, Any], run_id: str | None, *, now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """``outlets`` that brought something, each with its exposure, and ``absent`` ones.

    ``event`` is its row. ``absent`` are verdicts of the last judgement in words, empty where it
    did not reach the event.
    """
    event_id, first = event["event_id"], event["first_at"]
    last = max(first, min(event["last_at"] + timedelta(hours=LATE_H), now))
    seen = _exposures(coverage.looks(conn, event_id, first, last), first, last)
    nothing = exposure([], first, last)
    return {
        "outlets": [
            measured(outlet) | {"exposure": asdict(seen.get(outlet["publisher_id"], nothing))}
            for outlet in coverage.of_group(conn, event_id, run_id)
        ],
        "absent": [
            dict(verdict) | {"said": said(verdict)}
            for verdict in coverage.verdicts_of(conn, event_id)
        ],
    }


def measured(row: Mapping[str, Any]) -> dict[str, Any]:
    """What an outlet brought, with 95 % intervals; those of one article are None.

    Sentences of one article are alike, so a share has the interval of a ratio over articles
    (Cochran 1977, 6.4), and never a narrower one than as many independent sentences have (Wilson).
    """
    found: dict[str, Any] = {name: row[name] for name in KEPT}
    for stage in ("lean", "tone"):
        mean, n = row[f"{stage}_mean"], row[f"{stage}_n"]
        low, high = intervals.of_mean(mean or 0.0, row[f"{stage}_sd"], n)
        found |= {f"{stage}_mean": mean, f"{stage}_n": n}
        found |= {f"{stage}_low": low, f"{stage}_high": high}
    found |= {name: row[name] for name in ("sentences", "sentence_articles")}
    for name, plural in SHARES.items():
        share, (low, high) = _share(row, plural)
        found |= {f"{name}_share": share, f"{name}_low": low, f"{name}_high": high}
    return found


def _share(row: Mapping[str, Any], plural: str) -> tuple[float | None, intervals.Interval]:
    if not row["sentences"]:
        return None, (None, None)
    sums = weights.Sums(
        n=row["sentence_articles"],
        w=row["sentences"],
        ww=row["sentences_squared"],
        wx=row[plural],
        wwx=row[f"{plural}_crossed"],
        wwxx=row[f"{plural}_squared"],
    )
    share, (low, high), _ = weights.of_sums(sums)
    least, most = intervals.of_share(row[plural] / row["sentences"], row["sentences"])
    if low is None or high is None or least is None or most is None:
        return share, (None, None)
    return share, (max(min(low, least), 0.0), min(max(high, most), 1.0))


def _exposures(
    looks: Iterable[Mapping[str, Any]], first: datetime, last: datetime
) -> dict[str, Exposure]:
    return {
        str(publisher_id): exposure(
            [Look(taken_at=r["taken_at"], came=r["came"], ranks=r["ranks"]) for r in rows],
            first,
            last,
        )
        for publisher_id, rows in groupby(looks, key=lambda row: row["publisher_id"])
    }
