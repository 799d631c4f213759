"""Articles, their labels and their history."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api import changes, history_schemas, lists, problems, quotes, schemas, then
from api.deps import Caller, Store, page_limit, require
from api.filters import ArticleQuery, ArticlesQuery, Nothing, Seen
from api.label_filters import OwnAnnotationsQuery
from api.pages import Keyset, digest
from newsroom.keys import Scope
from newsroom.store import revisions, takedowns
from newsroom.store.reading import annotations as labels
from newsroom.store.reading import articles, corrections, front_pages, runs, sentences

router = APIRouter(tags=["articles"])

HOUR: Final = timedelta(hours=1)


@router.get("/articles", response_model=schemas.ArticlePage)
def list_articles(
    request: Request, store: Store, query: Annotated[ArticlesQuery, Query()]
) -> Response:
    """Articles with the labels of one run, without their text."""
    limit = page_limit(request, query.limit)
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        version = then.version(conn, query.as_of)
        keys = Keyset(
            columns={"sort_at": datetime, "article_id": str},
            digest=digest("articles", query.filters(), run),
        )
        where = wanted = query.where(runs.id_of(run), version)
        if query.cursor:
            at, last = keys.decode(query.cursor)
            side = "after" if query.sort == "-published_at" else "after_oldest"
            where = wanted.and_after(side, after_at=at, after_id=last)
        rows = articles.page(conn, where, order=query.sort, rows=limit + 1)
        total = articles.count(conn, wanted) if query.count else None
    page = keys.envelope(rows, limit=limit, total=total, run=run)
    page["meta"]["as_of"] = then.meta(query.as_of, version)
    return lists.answer(request, schemas.ArticlePage, page, query)


@router.get("/articles/{article_id}", response_model=schemas.Article, responses=problems.SCOPED)
def get_article(
    response: Response,
    article_id: str,
    store: Store,
    caller: Caller,
    query: Annotated[ArticleQuery, Query()],
) -> dict[str, Any]:
    """One article with everything known of it; of its text only the quoted evidence.

    The rights in texts stay with the outlets: `text=true` needs a key with the scope `text:read`.
    """
    if query.text:
        require(caller, Scope.TEXT_READ)
        response.headers["Cache-Control"] = "private, no-cache"
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        run_id = runs.id_of(run)
        row = articles.one(conn, article_id, run_id)
        if row is None:
            raise corrections.absent(conn, article_id)
        versions = articles.revisions(conn, article_id, run_id)
        work = articles.work(conn, article_id)
        made = labels.of_article(conn, article_id, run_id, current=True)
    named = {"event_id": row["event_id"], "title": row["event_title"]}
    return row | {
        "run": run,
        "text": row["text"] if query.text else None,
        "provenance": row,
        "revisions": versions,
        "event": named if row["event_id"] else None,
        "work": work,
        "annotations": made,
        "quotes": quotes.of(row["text"], made),
    }


@router.get("/articles/{article_id}/annotations", response_model=schemas.AnnotationList)
def list_annotations(
    article_id: str, store: Store, query: Annotated[OwnAnnotationsQuery, Query()]
) -> dict[str, Any]:
    """Every label of an article with its provenance, newest first, those of all runs."""
    with store.transaction() as conn:
        run = runs.seen(conn, run=query.run)
        run_id = runs.id_of(run)
        rows = labels.of_article(
            conn,
            article_id,
            run_id,
            only=run_id if query.run else None,
            current=query.current,
            sentences=query.sentences,
        )
        if not rows and not articles.exists(conn, article_id):
            raise corrections.absent(conn, article_id)
    meta = {"limit": len(rows), "total": len(rows), "run": run}
    return {"data": rows, "next_cursor": None, "meta": meta}


@router.get("/articles/{article_id}/sentences", response_model=schemas.SentenceList)
def list_sentences(
    article_id: str, store: Store, query: Annotated[Seen, Query()]
) -> dict[str, Any]:
    """Every sentence of the current text by number, with its labels but without its words.

    Only sentences that another label rests on are quoted, each in at most 25 words.
    """
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        run_id = runs.id_of(run)
        text = sentences.text(conn, article_id)
        if text is None:
            raise corrections.absent(conn, article_id)
        made = sentences.of_article(conn, article_id, run_id)
        others = labels.of_article(conn, article_id, run_id, current=True)
    rows = quotes.by_number(text, made, others)
    meta = {"limit": len(rows), "total": len(rows), "run": run}
    return {"data": rows, "next_cursor": None, "meta": meta}


@router.get("/articles/{article_id}/revisions", response_model=history_schemas.RevisionList)
def list_revisions(
    article_id: str, store: Store, query: Annotated[Seen, Query()]
) -> dict[str, Any]:
    """Every version of an article with its labels, what changed between two, and when it was seen.

    Of the twelve newest changes the first three changed sentences are quoted, in at most 25 words
    of either wording.
    """
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        rows = articles.revisions(conn, article_id, runs.id_of(run))
        if not rows:
            raise corrections.absent(conn, article_id)
        made = revisions.of_article(conn, article_id)
        texts = {row["revision"]: row for row in revisions.texts(conn, article_id)}
        looks = revisions.stretches(conn, article_id)
    return {
        "data": rows,
        "changes": changes.told(made, texts),
        "sightings": looks,
        "next_cursor": None,
        "meta": {"limit": len(rows), "total": len(rows), "run": run},
    }


@router.get("/articles/{article_id}/placements", response_model=history_schemas.PlacementList)
def list_placements(
    article_id: str, store: Store, _query: Annotated[Nothing, Query()]
) -> dict[str, Any]:
    """Where an article stood on front pages: how high, how long, under which headlines.

    An id that a front page named is known before its article is stored, and if it never is.
    """
    with store.transaction() as conn:
        stays = front_pages.history(conn, article_id)
        gone = takedowns.is_taken_down(conn, article_id)
        if gone or not (stays or articles.exists(conn, article_id)):
            raise corrections.absent(conn, article_id)
    rows = [asdict(stay) | {"hours_on_page": stay.time_on_page / HOUR} for stay in stays]
    return {
        "data": rows,
        "next_cursor": None,
        "meta": {"limit": len(rows), "total": len(rows)},
    }
