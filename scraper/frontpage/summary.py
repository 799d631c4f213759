"""What the verbs of front pages say: a table for people, or one JSON document on stdout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from newsroom.store.reading.front_pages import Stay
from scraper.frontpage.rereading import Report


def looks(rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """One row a look."""
    if as_json:
        _json(rows)
        return
    table = Table("outlet", "at (UTC)", "status", "read", "articles", "stylesheets")
    for row in rows:
        method = row["method"] or "–"
        table.add_row(
            row["publisher_id"],
            f"{row['taken_at']:%Y-%m-%d %H:%M}",
            row["status"] if row["code"] is None else f"{row['status']}: {row['code']}",
            method if row["why"] is None else f"{method}: {row['why']}",
            str(row["links"] if row["links"] is not None else "–"),
            _sheets(row),
        )
    Console().print(table)


def page(row: dict[str, Any], links: Sequence[dict[str, Any]], *, top: int, as_json: bool) -> None:
    """The places on one front page."""
    if as_json:
        _json(row | {"articles": list(links[:top])})
        return
    title = f"{row['publisher_id']}, {row['taken_at']:%Y-%m-%d %H:%M} UTC, {row['method']}"
    table = Table("rank", "headline", "kind", "section", "top", "font", "image", title=title)
    for link in links[:top]:
        table.add_row(
            "–" if link["rank"] is None else str(link["rank"]),
            link["headline"],
            link["kind"],
            link["section"] or "–",
            "–" if link["y"] is None else f"{link['y']:.0f} px",
            f"{link['font_px']:.0f} px",
            "yes" if link["image"] else "–",
        )
    Console().print(table)


def stays(found: Sequence[Stay], *, as_json: bool) -> None:
    """When a piece stood where."""
    if as_json:
        _json([asdict(one) | {"time_on_page_s": one.time_on_page.total_seconds()} for one in found])
        return
    console = Console()
    for one in found:
        console.print(
            f"{one.publisher_id}: first seen {one.first_seen:%Y-%m-%d %H:%M}, last seen "
            f"{one.last_seen:%Y-%m-%d %H:%M} UTC, best rank {one.best_rank or '–'}, "
            f"on the page for {_hours(one.time_on_page)} in {one.shown} of {one.looks} looks, "
            f"{one.gaps} gaps",
            highlight=False,
        )
        for headline in one.headlines:
            console.print(
                f"  {headline.first_seen:%Y-%m-%d %H:%M}  {headline.text}",
                markup=False,
                highlight=False,
            )


def replay(report: Report, *, as_json: bool) -> None:
    """What a rereading changed."""
    if as_json:
        _json(asdict(report))
        return
    print(f"{report.read} read anew, {report.changed} in another order, {report.failed} failed")


def _sheets(row: dict[str, Any]) -> str:
    if not row["sheets"] and not row["sheets_gone"]:
        return "–"
    return f"{row['sheets']} of {row['sheets'] + row['sheets_gone']}"


def _hours(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60:02} min"


def _json(value: object) -> None:
    print(json.dumps(value, indent=1, default=str))
