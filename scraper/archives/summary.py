"""What replay and verify say at the end: a table for people, or one JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from newsroom.store.backfill import Backfill
from scraper import summary
from scraper.archives.replay import ReplayReport
from scraper.archives.rereading import DiffReport
from scraper.archives.verifying import VerifyReport
from scraper.backfill.ccnews import FileReport

SHOWN = 20
KINDS = (
    "same",
    "title",
    "text",
    "bylines",
    "date",
    "newly-refused",
    "newly-accepted",
    "refused-otherwise",
    "not-stored",
)


def replay(report: ReplayReport, *, as_json: bool) -> None:
    """Pages by outcome and refusal code."""
    summary.tally(report.tally, as_json=as_json, skipped=dict(report.passed.skipped))


def diff(report: DiffReport, *, as_json: bool) -> None:
    """One row an outlet, then the biggest changes."""
    if as_json:
        print(
            json.dumps(
                {
                    "pages": report.total["pages"],
                    "total": _counts(report.total),
                    "outlets": {name: _counts(n) for name, n in sorted(report.outlets.items())},
                    "largest": [asdict(change) for change in report.largest],
                    "skipped": dict(report.passed.skipped),
                    "damaged": [str(damage) for damage in report.passed.damaged],
                },
                indent=1,
            )
        )
        return
    shown = [kind for kind in KINDS if report.total[kind]]
    title = f"{report.total['pages']} pages read again"
    table = Table("outlet", "pages", *shown, title=title, title_justify="left")
    for name, counts in sorted(report.outlets.items()):
        table.add_row(name, str(counts["pages"]), *(str(counts[kind]) for kind in shown))
    console = Console()
    console.print(table)
    for change in report.largest[:SHOWN]:
        line = f"{change.words_changed:6.1%} {', '.join(change.kinds)}: {change.url}"
        console.print(line, change.note, markup=False, highlight=False)


def verified(report: VerifyReport, *, as_json: bool) -> None:
    """What was compared, then every problem."""
    if as_json:
        print(json.dumps(asdict(report), indent=1))
        return
    print(
        f"{report.records} records in {report.files} files; {report.pages} pages compared; "
        f"{report.spare} records without a page (a replay brings them in); "
        f"{report.elsewhere} pages lie in files replayed from elsewhere; {report.wrong} problems"
    )
    for line in report.problems:
        print(line)


def backfilled(reports: Sequence[FileReport], *, as_json: bool) -> None:
    """One row a file: state, records, and what became of them."""
    if as_json:
        print(json.dumps([asdict(report) for report in reports], indent=1))
        return
    table = Table("file", "state", "records", "of which")
    for report in reports:
        table.add_row(report.name, report.state, str(report.records), _shown(report.counts))
    console = Console()
    console.print(table)
    for report in reports:
        for line in report.damaged:
            console.print(line, markup=False, highlight=False)


def backfills(known: Sequence[Backfill], *, as_json: bool) -> None:
    """One row a source: how far it was read."""
    if as_json:
        print(json.dumps([asdict(one) for one in known], indent=1, default=str))
        return
    table = Table("kind", "source", "of", "state", "read", "records", "of which")
    for one in known:
        share = f"{one.offset_bytes / one.size_bytes:.0%}" if one.size_bytes else "–"
        state = f"{one.state}: {one.error_message}" if one.error_message else one.state
        state = f"{state} by {one.holder}" if one.holder else state
        table.add_row(
            one.kind, one.source, one.scope, state, share, str(one.records), _shown(one.counts)
        )
    Console().print(table)


def _shown(counts: Mapping[str, int]) -> str:
    return " ".join(f"{name} {n}" for name, n in sorted(counts.items())) or "–"


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    return {kind: counts[kind] for kind in KINDS}
