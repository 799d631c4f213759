"""Verbs of events: group, rebuild, read them and their history, and what people decide."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from annotator.events.edit_writing import Done
    from newsroom.db import Database

app = typer.Typer(help="Events and stories.", no_args_is_help=True)

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
EventId = Annotated[
    str, typer.Argument(help="Event or story id; a retired one says where it went.")
]
By = Annotated[str | None, typer.Option(help="Who decides; the login name by default.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept in the lineage.")]
Seen = Annotated[
    int | None,
    typer.Option("--seen", min=0, help="Version you saw; refused if it was changed since."),
]


@app.command("group")
def group(
    since: Annotated[
        datetime | None, typer.Option(help="First day; default: the configured window.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All articles, of any age.")] = False,
) -> None:
    """Group the stored articles. Running it again changes nothing.

    Example: newsroom events group --since 2026-03-01
    """
    from datetime import timedelta

    from annotator import grouping
    from newsroom.commands import current

    start = datetime.now(UTC) - timedelta(days=current().events.window_days)
    if since is not None:
        start = since.replace(tzinfo=UTC)
    with _database() as db:
        grouped = grouping.regroup(db, EARLIEST if everything else start)
    print(
        f"{grouped.articles} articles: {grouped.events} events holding {grouped.in_events}, "
        f"{grouped.stories} stories"
    )


@app.command("rebuild")
def rebuild(
    since: Annotated[datetime, typer.Option("--from", help="First day (UTC).")],
) -> None:
    """Group anew as if the articles since a day came in day by day. Doing it again changes nothing.

    People's edits hold throughout, and groups keep their ids.

    Example: newsroom events rebuild --from 2026-03-01
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn

    from annotator import grouping
    from newsroom.commands import current

    with _database() as db, Progress(SpinnerColumn(), "{task.description}",
                                     console=Console(stderr=True)) as progress:  # fmt: skip
        bar = progress.add_task("reading")
        kept = grouping.rebuild(
            db,
            since.replace(tzinfo=UTC),
            window_days=current().events.window_days,
            progress=lambda day: progress.update(bar, description=f"{day:%Y-%m-%d}"),
        )
    changed = "nothing changed" if kept.version is None else f"version {kept.version}"
    print(f"{changed}; {kept.contradictions} edits stand against the grouping")


@app.command("list")
def list_(
    open_: Annotated[bool, typer.Option("--open", help="Only those that are not over.")] = False,
    since: Annotated[datetime | None, typer.Option(help="With an article since (UTC).")] = None,
    min_articles: Annotated[int, typer.Option(min=2, help="Fewest articles.")] = 2,
    limit: Annotated[int, typer.Option(min=1, help="Most events.")] = 50,
    as_json: Json = False,
) -> None:
    """Events, the one with the newest article first.

    Example: newsroom events list --open --min-articles 3
    """
    from newsroom.store.reading import events

    with _database() as db, db.transaction() as conn:
        rows = events.ledger_list(
            conn,
            only_open=open_,
            since=None if since is None else since.replace(tzinfo=UTC),
            min_articles=min_articles,
            rows=limit,
        )
    if as_json:
        _print_json(rows)
        return
    _table(
        ("event", "title", "state", "articles", "outlets", "first", "last", "cohesion", "purity"),
        [
            [
                r["event_id"],
                r["title"],
                r["state"],
                r["articles"],
                r["publishers"],
                f"{r['first_at']:%Y-%m-%d}",
                f"{r['last_at']:%Y-%m-%d}",
                _number(r["cohesion"]),
                _number(r["purity"]),
            ]
            for r in rows
        ],
    )


@app.command("show")
def show(
    event_id: EventId,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", help="As the ledger was at this time (UTC).")
    ] = None,
    as_json: Json = False,
) -> None:
    """One event or story: who is in it and how surely, and what became of it.

    Example: newsroom events show 5f3a… --as-of 2026-03-04T12:00:00
    """
    from annotator.events import showing

    with _database() as db, db.transaction() as conn:
        found = showing.event(conn, event_id, None if as_of is None else as_of.replace(tzinfo=UTC))
    if as_json:
        _print_json(found)
        return
    for name in showing.FACTS:
        value = found[name]
        print(f"{name:10} {', '.join(value) if isinstance(value, list) else value}")
    _table(
        ("article", "role", "score", "outlet", "published", "headline"),
        [
            [
                m["article_id"],
                m["role"] if m["event_id"] else "outside events",
                _number(m["score"]),
                m["publisher"],
                "–" if m["sort_at"] is None else f"{m['sort_at']:%Y-%m-%d %H:%M}",
                m["title"],
            ]
            for m in found["members"]
        ],
    )
    _lineage(found["lineage"])


@app.command("log")
def log(
    event_id: EventId,
    limit: Annotated[int, typer.Option(min=1, help="Most entries.")] = 50,
    as_json: Json = False,
) -> None:
    """What became of an event or a story, newest first.

    Example: newsroom events log 5f3a…
    """
    from annotator.events import showing

    with _database() as db, db.transaction() as conn:
        entries = showing.log(conn, event_id, rows=limit)
    if as_json:
        _print_json(entries)
        return
    _lineage(entries)


@app.command("split")
def split(
    event_id: EventId,
    parts: Annotated[
        list[str],
        typer.Argument(help="Article ids; of a story ids of its events, or articles outside them."),
    ],
    reason: Reason = "",
    by: By = None,
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Take articles out of an event, or events out of a story; they become one of their own.

    One article alone is in none afterwards. No event is cut by the split of a story.

    Example: newsroom events split 5f3a… 9b2f… c41d… --reason "the second quake"
    """
    from annotator.events import edits

    with _database() as db, db.transaction() as conn:
        done = edits.split(
            conn, event_id, parts, by=_name(by), reason=reason, expected=_seen(event_id, seen)
        )
    _done(done, as_json=as_json)


@app.command("merge")
def merge(
    event_ids: Annotated[
        list[str], typer.Argument(help="Event ids, or story ids; the first one stays.")
    ],
    reason: Reason = "",
    by: By = None,
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Make events one, or stories; the ids of the others lead to the first.

    Example: newsroom events merge 5f3a… 77e0… --reason "one vote, reported twice"
    """
    from annotator.events import edits

    with _database() as db, db.transaction() as conn:
        done = edits.merge(
            conn, event_ids, by=_name(by), reason=reason, expected=_seen(event_ids[0], seen)
        )
    _done(done, as_json=as_json)


@app.command("rename")
def rename(
    event_id: EventId,
    title: Annotated[str, typer.Argument(help="The title it gets, and keeps.")],
    reason: Reason = "",
    by: By = None,
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Give an event or a story a title that groupings do not change.

    Example: newsroom events rename 5f3a… "Port Haldane earthquake"
    """
    from annotator.events import edits

    with _database() as db, db.transaction() as conn:
        done = edits.rename(
            conn, event_id, title, by=_name(by), reason=reason, expected=_seen(event_id, seen)
        )
    _done(done, as_json=as_json)


@app.command("undo")
def undo(
    entry: Annotated[int, typer.Argument(help="Number of the entry, as `log` gives it.")],
    reason: Reason = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Reverse a split, a merge, a renaming or an undoing by a new entry.

    Example: newsroom events undo 4711 --reason "they were two votes after all"
    """
    from annotator.events import undoing

    with _database() as db, db.transaction() as conn:
        done = undoing.undo(conn, entry, by=_name(by), reason=reason)
    _done(done, as_json=as_json)


def _database() -> Database:
    from newsroom.commands import current
    from newsroom.db import Database

    return Database(current().require_database(), size_max=2)


def _name(by: str | None) -> str:
    import getpass

    from newsroom.errors import BadRequest

    name = (getpass.getuser() if by is None else by).strip()
    if not name:
        raise BadRequest("name-missing", "an edit needs the name of who made it", field="by")
    return name


def _seen(event_id: str, version: int | None) -> dict[str, int] | None:
    return None if version is None else {event_id: version}


def _done(done: Done, *, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        _print_json(asdict(done))
        return
    source, to = (", ".join(ids) or "none" for ids in (done.from_ids, done.to_ids))
    print(f"entry {done.entry_id}: {len(done.articles)} articles from {source} to {to}")


def _lineage(entries: Sequence[Mapping[str, Any]]) -> None:
    _table(
        ("entry", "at", "who", "what", "from", "to", "articles", "reason"),
        [
            [
                e["entry_id"],
                f"{e['at']:%Y-%m-%d %H:%M}",
                e["actor"],
                _what(e),
                " ".join(e["from_ids"]) or "–",
                " ".join(e["to_ids"]) or "–",
                len(e["articles"]),
                e["reason"],
            ]
            for e in entries
        ],
    )


def _what(entry: Mapping[str, Any]) -> str:
    what = f"{entry['level']} {entry['kind']}"
    if entry["undo_of"] is not None:
        what += f" ({entry['undo_of']})"
    if entry["title"] is not None:
        what += f": {entry['title']}"
    if not entry["stands"]:
        what += ", undone"
    against = [
        f"{len(entry[name])} {word}"
        for name, word in (("against_joined", "joined"), ("against_parted", "parted"))
        if entry[name]
    ]
    return what + (f"; the grouping would have {', '.join(against)}" if against else "")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for number, name in enumerate(names):
        table.add_column(name, no_wrap=number == 0)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console().print(table)


def _print_json(value: object) -> None:
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
