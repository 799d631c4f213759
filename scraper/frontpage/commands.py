"""The verbs of front pages: take snapshots, show one, follow a piece, read old ones anew."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from scraper.terminal import bar, current, ring

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Outlets = Annotated[list[str] | None, typer.Argument(help="Outlet ids; all of them by default.")]


class _TakeByDefault(TyperGroup):
    """``newsroom frontpages apnews`` takes: what is no verb is an outlet or an option of taking."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["take", *args]
        return super().parse_args(ctx, args)


group = typer.Typer(
    cls=_TakeByDefault, help="Front pages: what stands where (docs/front-pages.md)."
)
app = typer.Typer()
app.add_typer(group, name="frontpages")


@group.command()
def take(
    outlets: Outlets = None,
    top: Annotated[int | None, typer.Option(min=0, help="Articles of each to fetch.")] = None,
    fetch: Annotated[bool, typer.Option(help="Fetch the top articles as well.")] = True,
    demo: Annotated[bool, typer.Option(help="The made-up outlets of `newsroom demo`.")] = False,
    as_json: Json = False,
) -> None:
    """Look at front pages now, store what stands where, and fetch what stands highest.

    Example: newsroom frontpages apnews theguardian --top 30
    """
    from newsroom.db import Database
    from newsroom.records import Via
    from newsroom.store.reading import front_pages as store
    from scraper import crawl
    from scraper.demo.server import DemoServer
    from scraper.frontpage import summary
    from scraper.outlets import registry

    settings = current()
    if top is not None or not fetch:
        changed = settings.crawl.model_copy(update={"front_page_top": top if fetch else 0})
        settings = settings.model_copy(update={"crawl": changed})
    chosen = registry.load(demo=demo).chosen(outlets or [])
    started = datetime.now(UTC)
    with ExitStack() as stack:
        web = stack.enter_context(DemoServer.start()) if demo else None
        advance = stack.enter_context(bar("front pages", None))
        crawl.crawl(
            settings,
            chosen,
            demo_address=web.address if web else None,
            doors=(Via.FRONT_PAGE,),
            progress=lambda _: advance(1),
            ring=ring(settings),
        )
    with Database(settings.require_database(), size_max=1) as db, db.transaction() as conn:
        ids = {outlet.publisher.publisher_id for outlet in chosen}
        rows = [row for row in store.since(conn, started) if row["publisher_id"] in ids]
    summary.looks(rows, as_json=as_json)


@group.command()
def show(
    outlet: Annotated[str, typer.Argument(help="Outlet id.")],
    at: Annotated[
        str | None, typer.Option(help="What stood there at this time (ISO 8601, UTC if unsaid).")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Rows shown.")] = 30,
    as_json: Json = False,
) -> None:
    """List the articles of one front page by prominence, as it stood at a time.

    Example: newsroom frontpages show apnews --at 2026-11-23T18:00
    """
    from newsroom.db import Database
    from newsroom.errors import BadRequest
    from newsroom.store.reading import front_pages as store
    from scraper.frontpage import summary

    when = _time(at) if at else datetime.now(UTC)
    with Database(current().require_database(), size_max=1) as db, db.transaction() as conn:
        row = store.at(conn, outlet, when)
        if row is None:
            raise BadRequest("front-page-unknown", f"no front page of {outlet!r} until {when}")
        links = store.links(conn, row["snapshot_id"], row["layout"])
    summary.page(row, links, top=top, as_json=as_json)


@group.command()
def history(
    article: Annotated[str, typer.Argument(help="Address or id of an article.")],
    as_json: Json = False,
) -> None:
    """Say when a piece stood on a front page: first and last seen, best rank, time, headlines.

    Example: newsroom frontpages history https://apnews.com/article/…
    """
    from newsroom import ids
    from newsroom.db import Database
    from newsroom.errors import BadRequest
    from newsroom.store.reading import front_pages as store
    from newsroom.urls import canonical
    from scraper.frontpage import summary

    article_id = ids.article_id(canonical(article)) if "://" in article else article
    with Database(current().require_database(), size_max=1) as db, db.transaction() as conn:
        stays = store.history(conn, article_id)
    if not stays:
        raise BadRequest("article-unknown", f"{article} was on no front page that we looked at")
    summary.stays(stays, as_json=as_json)


@group.command()
def replay(
    outlet: Annotated[str | None, typer.Argument(help="Outlet id; all by default.")] = None,
    as_json: Json = False,
) -> None:
    """Read archived front pages anew, without the network, where this version would do better.

    Example: newsroom frontpages replay apnews
    """
    import sys

    from newsroom.db import Database
    from scraper.frontpage import rereading, summary
    from scraper.outlets import registry

    settings = current()
    outlets = registry.known()
    chosen = outlets.chosen([outlet])[0] if outlet else None
    with Database(settings.require_database()) as db, bar("replay", None) as advance:
        report = rereading.reread(
            db,
            settings,
            outlets,
            chosen,
            progress=advance,
            note=lambda line: print(f"newsroom: {line}", file=sys.stderr),
        )
    summary.replay(report, as_json=as_json)
    if report.failed:
        raise SystemExit(1)


def _time(text: str) -> datetime:
    from newsroom.errors import BadRequest

    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequest("bad-time", f"not a time in ISO 8601: {text}") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
