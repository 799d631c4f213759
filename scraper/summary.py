"""What the verbs say at the end: a table for people on stderr, or one JSON document on stdout."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Column, Table

from newsroom.store.source_health import Health
from scraper.crawl import CrawlReport
from scraper.extraction.extract import Extracted
from scraper.intake import Tally
from scraper.outlets import registry
from scraper.outlets.health import Verdict
from scraper.outlets.reference_lean import ReferenceLean
from scraper.outlets.registry import Outlet
from scraper.outlets.sources import UNFINISHED, Heard
from scraper.single import Address

BARS = "▁▂▃▄▅▆▇█"
MARKS = {Verdict.NOT_CRAWLED: "·", Verdict.KEPT_OUT: "x", Verdict.BROKEN: "!"}
LEGEND = "▁ to █ new articles, · not crawled, x kept out, ! broken"
NEVER_CHECKED = "not checked against the live site (verified = false)"


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
        _json(json.loads(registry.dump(chosen)))
        return
    names = ("id", "name", "", "medium", "rated", "checked")
    table = Table(*(Column(name, no_wrap=name != "name") for name in names))
    for outlet in chosen:
        p, lean = outlet.publisher, outlet.reference_lean
        table.add_row(
            p.publisher_id,
            p.name,
            p.country,
            str(outlet.medium),
            lean.label if lean else "–",
            "yes" if p.verified else "no",
        )
    Console().print(table)


def checks(
    chosen: Sequence[Outlet], found: Mapping[str, Sequence[Address]], *, as_json: bool
) -> None:
    """A line an outlet, whether its addresses were ever checked, and one for each address."""
    if as_json:
        _json(
            [
                {
                    "publisher_id": o.publisher.publisher_id,
                    "verified": o.publisher.verified,
                    "verified_on": o.verified_on,
                    "addresses": [
                        asdict(a) | {"serves": a.serves} for a in found[o.publisher.publisher_id]
                    ],
                }
                for o in chosen
            ]
        )
        return
    for outlet in chosen:
        p = outlet.publisher
        state = f"verified on {outlet.verified_on}" if outlet.verified_on else NEVER_CHECKED
        print(f"{p.publisher_id}: file is valid; {state}")
        for address in found[p.publisher_id]:
            named = f"names {address.names}" if address.serves else address.problem or "not asked"
            print(f"  {address.door:<10} {address.url}: {named}")


def health(heard: Sequence[Heard], *, as_json: bool) -> None:
    """A row of days an outlet, oldest first, then its gaps."""
    if as_json:
        _json([asdict(one) for one in heard])
        return
    table = Table(
        Column("outlet", no_wrap=True),
        "articles by day",
        "now",
        "missed",
        title=LEGEND,
        title_justify="left",
    )
    for one in heard:
        latest = one.days[-1].verdict
        missed = sum(gap.days for gap in one.gaps if gap.verdict != UNFINISHED)
        table.add_row(one.publisher_id, _bars(one), latest, f"{missed} of {len(one.days)} days")
    console = Console()
    console.print(table)
    for one in heard:
        for gap in one.gaps:
            if gap.verdict != UNFINISHED:
                until = "" if gap.last_day == gap.first_day else f" to {gap.last_day}"
                why = f" ({', '.join(gap.reasons)})" if gap.reasons else ""
                print(f"{one.publisher_id}: {gap.first_day}{until}: {gap.verdict}{why}")


def audit(judged: Sequence[Health], *, as_json: bool) -> None:
    """A line for every day that is not plainly well."""
    if as_json:
        _json([asdict(day) for day in judged])
        return
    for day in judged:
        lines = [*day.reasons, *(f"warning: {line}" for line in day.warnings)]
        if lines or day.verdict != "ok":
            print(f"{day.publisher_id} {day.day}: {day.verdict} {'; '.join(lines)}".rstrip())
    counts = Counter(day.verdict for day in judged)
    print(f"{len(judged)} days: {_counts(counts)}", file=sys.stderr)


def leans(found: Mapping[str, ReferenceLean | None], *, as_json: bool) -> None:
    """How others rated each outlet, with the counts it rests on."""
    if as_json:
        _json({name: lean.model_dump() if lean else None for name, lean in found.items()})
        return
    table = Table(
        Column("outlet", no_wrap=True), "rated", "left", "center", "right", "undated", "from", "to"
    )
    for name, lean in found.items():
        if lean is None:
            table.add_row(name, "–")
            continue
        counts = (lean.left, lean.center, lean.right, lean.undated)
        table.add_row(name, lean.label, *map(str, counts), str(lean.since), str(lean.as_of))
    Console().print(table)


def _bars(heard: Heard) -> str:
    """A character a day: how high of the outlet's highest day, or what went wrong."""
    most = max((day.articles for day in heard.days), default=0)
    return "".join(
        MARKS.get(day.verdict) or BARS[(len(BARS) - 1) * day.articles // most if most else 0]
        for day in heard.days
    )


def _counts(counts: Mapping[str, int]) -> str:
    return " ".join(f"{name} {n}" for name, n in sorted(counts.items())) or "–"


def _json(value: object) -> None:
    print(json.dumps(value, indent=1, default=str))
