"""Verbs of coverage: one event's, and the absences that are surprising."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newsroom.db import Database

app = typer.Typer()
event_app = typer.Typer()  # mounted under `newsroom events`

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@event_app.command("coverage")
def of_event(
    event_id: Annotated[str, typer.Argument(help="Event id.")], as_json: Json = False
) -> None:
    """Who covered an event, how prominently and in what tone; who did not, and what that says.

    Example: newsroom events coverage 5f3a9c0e7d1b4a628c0de9f1a2b3c4d5
    """
    from annotator.coverage import telling

    with _database() as db, db.transaction() as conn:
        found = telling.event(conn, event_id, now=datetime.now(UTC))
    if as_json:
        _print_json(found)
        return
    print(
        f"{found['title']}\n{found['first_at']:%Y-%m-%d %H:%M} – {found['last_at']:%Y-%m-%d %H:%M}"
    )
    _table(
        ("outlet", "articles", "agency's", "lead hours", "known", "lean (n)", "tone (n)",
         "fact", "opinion", "quote", "sentences"),
        [_outlet(row) for row in found["outlets"]],
    )  # fmt: skip
    for verdict in found["absent"]:
        print(f"{verdict['publisher']}: {verdict['said']}")
    if not found["absent"]:
        print("absences: not judged (`newsroom blindspots`)")


@app.command()
def blindspots(
    since: Annotated[
        datetime | None,
        typer.Option(help="Events that ended since this day (UTC); default: four weeks."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge which absences from events are surprising, and store the judgement.

    Example: newsroom blindspots --since 2026-03-01
    """
    from rich.console import Console

    from annotator.coverage import judging, telling
    from newsroom.store import coverage

    start = None if since is None else since.replace(tzinfo=UTC)
    with _database() as db:
        with Console(stderr=True).status("judging"):
            number = judging.judge_stored(db, now=datetime.now(UTC), since=start)
        with db.transaction() as conn:
            run = coverage.last_run(conn)
            claims = telling.blindspots(conn, number)
            outcomes = coverage.outcomes(conn, number)
    assert run is not None  # it was stored above
    if as_json:
        _print_json({"judgement": run, "outcomes": outcomes, "blindspots": claims})
        return
    for claim in claims:
        print(f"{claim['publisher']} – {claim['title']}\n    {claim['said']}")
    print(
        f"{run['claims']} blindspots, at most {run['by_chance']:.1f} of them by chance; "
        f"{run['events']} events since {run['since']:%Y-%m-%d}, {run['pairs']} pairs of outlet and "
        "event could be judged"
    )
    print("absences: " + (", ".join(f"{r['n']} {r['verdict']}" for r in outcomes) or "none"))


def _outlet(row: Mapping[str, Any]) -> list[str]:
    shown = row["exposure"]
    return [
        row["publisher"],
        str(row["articles"]),
        str(row["copies"]),
        _number(shown["lead_h"], 1),
        f"{shown['known_h']:.0f} of {shown['span_h']:.0f} h",
        f"{_number(row['lean_mean'], 1)} ({row['lean_n']})",
        f"{_number(row['tone_mean'], 1)} ({row['tone_n']})",
        *(_number(row[f"{kind}_share"], 2) for kind in ("fact", "opinion", "quote")),
        str(row["sentences"]),
    ]


def _number(value: float | None, digits: int) -> str:
    return "?" if value is None else f"{value:.{digits}f}"


def _database() -> Database:
    from newsroom.commands import current
    from newsroom.db import Database

    return Database(current().require_database(), size_max=2)


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for number, name in enumerate(names):
        table.add_column(name, no_wrap=number == 0)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _print_json(value: object) -> None:
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
