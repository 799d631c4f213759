"""What the verbs say at the end: a table for people on stderr, or one JSON document on stdout."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from scraper.crawl import CrawlReport
from scraper.extract import Extracted
from scraper.intake import Tally
from scraper.registry import Outlet


def tally(counts: Tally, *, as_json: bool, skipped: Mapping[str, int] | None = None) -> None:
    """Rows by outcome and refusal code."""
    skipped = skipped or {}
    if as_json:
        _json(
            {
                "total": counts.total,
                "stored": dict(counts.stored),
                "refused": dict(counts.refused),
                "skipped": dict(skipped),
            }
        )
        return
    table = Table("outcome", "count", title=f"{counts.total} came in", title_justify="left")
    for name, n in counts.stored.most_common():
        table.add_row(name, str(n))
    for name, n in counts.refused.most_common():
        table.add_row(f"refused: {name}", str(n))
    for name, n in sorted(skipped.items()):
        table.add_row(f"no page: {name}", str(n))
    Console().print(table)


def crawl(report: CrawlReport, *, as_json: bool) -> None:
    """One row an outlet, then what people should look at."""
    if as_json:
        _json({"seconds": report.seconds, "outlets": [asdict(o) for o in report.outlets]})
        return
    title = f"{report.fetched} pages in {report.seconds:.0f} s"
    table = Table("outlet", "fetched", "stored", "refused", "failed", title=title)
    for outlet in report.outlets:
        table.add_row(
            outlet.publisher_id,
            str(outlet.fetched),
            _counts(outlet.stored),
            _counts(outlet.refused),
            _counts(outlet.failed),
        )
    console = Console()
    console.print(table)
    for outlet in report.outlets:
        for note in outlet.notes:
            console.print(f"{outlet.publisher_id}: {note}", markup=False, highlight=False)


def page(found: Extracted) -> None:
    """One extracted article, as JSON."""
    _json(asdict(found))


def outlets(chosen: Sequence[Outlet], *, as_json: bool) -> None:
    """Outlets with what their files say."""
    if as_json:
        _json([asdict(outlet) for outlet in chosen])
        return
    table = Table("id", "name", "domain", "country", "feeds", "sitemaps", "delay", "verified")
    for outlet in chosen:
        p = outlet.publisher
        table.add_row(
            p.publisher_id,
            p.name,
            p.domain,
            p.country,
            str(len(outlet.feeds)),
            str(len(outlet.sitemaps)),
            f"{outlet.delay_s:g} s",
            "yes" if p.verified else "no",
        )
    Console().print(table)


def checks(
    chosen: Sequence[Outlet], findings: Mapping[str, Sequence[str]], *, as_json: bool
) -> None:
    """One line an outlet: whether its addresses were ever checked, and what is wrong now."""
    rows = []
    for outlet in chosen:
        p = outlet.publisher
        rows.append(
            {
                "publisher_id": p.publisher_id,
                "verified": p.verified,
                "asked": p.publisher_id in findings,
                "problems": list(findings.get(p.publisher_id, ())),
            }
        )
    if as_json:
        _json(rows)
        return
    for row in rows:
        state = (
            "verified"
            if row["verified"]
            else "not checked against the live site (verified = false)"
        )
        problems = row["problems"]
        assert isinstance(problems, list)
        live = "; ".join(problems) if problems else "answers" if row["asked"] else "file is valid"
        print(f"{row['publisher_id']}: {live}; {state}")


def _counts(counts: Mapping[str, int]) -> str:
    return " ".join(f"{name} {n}" for name, n in sorted(counts.items())) or "–"


def _json(value: object) -> None:
    print(json.dumps(value, indent=1, default=str))
