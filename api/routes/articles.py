"""Articles, and the labels of one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api import quotes, schemas
from api.deps import Store, page_limit
from api.filters import AnnotationsQuery, ArticlesQuery, Seen
from api.pages import Keyset, digest
from newsroom.errors import NotFound
from newsroom.store.reading import annotations as labels
from newsroom.store.reading import articles, runs, sentences

router = APIRouter(tags=["articles"])


@router.get("/articles", response_model=schemas.ArticlePage)
def list_articles(
    request: Request, store: Store, query: Annotated[ArticlesQuery, Query()]
) -> dict[str, Any]:
    """Articles with the labels of one run, without their text."""
    limit = page_limit(request, query.limit)
    with store.transaction() as conn:
        run = runs.shown(conn, query.run)
        keys = Keyset(
            columns={"sort_at": datetime, "article_id": str},
            digest=digest("articles", query.filters(), run),
        )
        where = wanted = query.where(runs.id_of(run))
        if query.cursor:
            at, last = keys.decode(query.cursor)
            side = "after" if query.sort == "-published_at" else "after_oldest"
            where = wanted.and_after(side, after_at=at, after_id=last)
        rows = articles.page(conn, where, order=query.sort, rows=limit + 1)
        total = articles.count(conn, wanted) if query.count else None
    return keys.envelope(rows, limit=limit, total=total, run=run)


@router.get("/articles/{article_id}", response_model=schemas.Article)
def get_article(article_id: str, store: Store, query: Annotated[Seen, Query()]) -> dict[str, Any]:
    """One article with everything known of it; of its text only the quoted evidence."""
    with store.transaction() as conn:
        run = runs.shown(conn, query.run)
        run_id = runs.id_of(run)
        row = articles.one(conn, article_id, run_id)
        if row is None:
            raise _no_article(article_id)
        revisions = articles.revisions(conn, article_id)
        work = articles.work(conn, article_id)
        made = labels.of_article(conn, article_id, run_id, current=True)
    named = {"event_id": row["event_id"], "title": row["event_title"]}
    return row | {
        "run": run,
        "provenance": row,
        "revisions": revisions,
        "event": named if row["event_id"] else None,
        "work": work,
        "annotations": made,
        "quotes": quotes.of(row["text"], made),
    }


@router.get("/articles/{article_id}/annotations", response_model=schemas.AnnotationList)
def list_annotations(
    article_id: str, store: Store, query: Annotated[AnnotationsQuery, Query()]
) -> dict[str, Any]:
    """Every label of an article with its provenance, newest first, those of all runs."""
    with store.transaction() as conn:
        run = runs.shown(conn, query.run)
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
            raise _no_article(article_id)
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
        run = runs.shown(conn, query.run)
        run_id = runs.id_of(run)
        text = sentences.text(conn, article_id)
        if text is None:
            raise _no_article(article_id)
        made = sentences.of_article(conn, article_id, run_id)
        others = labels.of_article(conn, article_id, run_id, current=True)
    rows = quotes.by_number(text, made, others)
    meta = {"limit": len(rows), "total": len(rows), "run": run}
    return {"data": rows, "next_cursor": None, "meta": meta}


def _no_article(article_id: str) -> NotFound:
    return NotFound("not-found", f"no article {article_id[:80]}")
