"""Verbs of revisions and copies: revisit, revisions, duplicates."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

app = typer.Typer()
revisions_app = typer.Typer()
duplicates_app = typer.Typer(help="One text under several addresses.", no_args_is_help=True)
app.add_typer(revisions_app, name="revisions")
app.add_typer(duplicates_app, name="duplicates")
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
ArticleId = Annotated[str, typer.Argument(help="Id of an article: 32 hex digits.")]


@app.command()
def revisit(
    outlets: Annotated[
        list[str] | None, typer.Argument(help="Outlet ids; all of them by default.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most looks at one outlet.")] = None,
    as_json: Json = False,
) -> None:
    """Look again at the articles whose time has come: what changed becomes a revision.

    Example: newsroom revisit apnews --limit 50
    """
    from newsroom.records import Via
    from scraper import crawl, summary, terminal
    from scraper.outlets import registry

    settings = terminal.current()
    chosen = registry.load().chosen(outlets or [])
    settings.require_database()
    with terminal.bar("revisit", None) as advance:
        report = crawl.crawl(
            settings,
            chosen,
            doors=[Via.REVISIT],
            limit=limit,
            progress=lambda _: advance(1),
            ring=terminal.ring(settings),
        )
    summary.crawl(report, as_json=as_json)


@revisions_app.callback(invoke_without_command=True)
def revisions(
    context: typer.Context,
    outlet: Annotated[list[str] | None, typer.Option(help="Only of this outlet (id).")] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="headline, correction, update, removal, silent-edit, reverted …"),
    ] = None,
    since: Annotated[datetime | None, typer.Option(help="First day it was seen (UTC).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most changes shown.")] = 50,
    as_json: Json = False,
) -> None:
    """What outlets changed after publication, newest first.

    Example: newsroom revisions --outlet apnews --since 2026-11-01
    """
    if context.invoked_subcommand is not None:
        return
    from newsroom.store import revisions as store
    from scraper.revisions import show

    first = None if since is None else since.replace(tzinfo=UTC)
    rows = _read(
        lambda conn: store.page(conn, publishers=outlet, kinds=kind, since=first, rows=limit)
    )
    if as_json:
        _print_json(rows)
    else:
        show.changes(rows)


@revisions_app.command("show")
def revisions_show(article_id: ArticleId, as_json: Json = False) -> None:
    """Everything one article showed and when, with the labels of both sides of each change.

    Example: newsroom revisions show 0f3a… --json
    """
    from scraper.revisions import history, show

    found = _read(lambda conn: history.of_article(conn, article_id))
    if as_json:
        _print_json(found)
    else:
        show.article(found)


@duplicates_app.command("report")
def duplicates_report(as_json: Json = False) -> None:
    """How many articles each outlet has, and how many once copies are taken out.

    Example: newsroom duplicates report --json
    """
    from newsroom.store import duplicates as store
    from scraper.revisions import show

    found = _read(
        lambda conn: {
            "total": store.totals(conn),
            "outlets": store.by_outlet(conn),
            "sources": store.sources(conn),
        }
    )
    if as_json:
        _print_json(found)
    else:
        show.duplicates(found)


@duplicates_app.command("show")
def duplicates_show(article_id: ArticleId, as_json: Json = False) -> None:
    """The original of an article's text, and every copy of it that is stored.

    Example: newsroom duplicates show 0f3a…
    """
    from scraper.revisions import history, show

    rows = _read(lambda conn: history.copies(conn, article_id))
    if as_json:
        _print_json(rows)
    else:
        show.group(rows)


@duplicates_app.command("reindex")
def duplicates_reindex() -> None:
    """Cut stored signatures into today's bands, after an upgrade that changed them.

    Example: newsroom duplicates reindex
    """
    from newsroom.db import Database
    from scraper import terminal
    from scraper.revisions import history

    url = terminal.current().require_database()
    with Database(url, size_max=1) as db, terminal.bar("reindex", None) as advance:
        print(f"{history.reindex(db, progress=advance)} signatures cut anew")


def _read(ask: Any) -> Any:
    from newsroom.db import Database
    from scraper import terminal

    with (
        Database(terminal.current().require_database(), size_max=1) as db,
        db.transaction() as conn,
    ):
        return ask(conn)


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=1, default=str))
