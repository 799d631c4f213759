"""Articles, and the labels of one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api import quotes, schemas
from api.deps import Labeller, Store, page_limit
from api.filters import AnnotationsQuery, ArticlesQuery, Nothing
from api.pages import Keyset, digest
from newsroom.errors import NotFound
from newsroom.store.reading import annotations as labels
from newsroom.store.reading import articles

router = APIRouter(tags=["articles"])


@router.get("/articles", response_model=schemas.ArticlePage)
def list_articles(
    request: Request, store: Store, labeller: Labeller, query: Annotated[ArticlesQuery, Query()]
) -> dict[str, Any]:
    """Articles with their current labels, without their text."""
    limit = page_limit(request, query.limit)
    keys = Keyset(
        columns={"sort_at": datetime, "article_id": str},
        digest=digest("articles", query.filters()),
    )
    where = wanted = query.where(labeller)
    if query.cursor:
        at, last = keys.decode(query.cursor)
        side = "after" if query.sort == "-published_at" else "after_oldest"
        where = wanted.and_after(side, after_at=at, after_id=last)
    with store.transaction() as conn:
        rows = articles.page(conn, where, order=query.sort, rows=limit + 1)
        total = articles.count(conn, wanted) if query.count else None
    return keys.envelope(rows, limit=limit, total=total)


@router.get("/articles/{article_id}", response_model=schemas.Article)
def get_article(
    article_id: str, store: Store, labeller: Labeller, _query: Annotated[Nothing, Query()]
) -> dict[str, Any]:
    """One article with everything known of it; of its text only the quoted evidence."""
    with store.transaction() as conn:
        row = articles.one(conn, article_id, labeller)
        if row is None:
            raise _no_article(article_id)
        revisions = articles.revisions(conn, article_id)
        work = articles.work(conn, article_id)
        made = labels.of_article(conn, article_id, current=True)
    named = {"event_id": row["event_id"], "title": row["event_title"]}
    return row | {
        "provenance": row,
        "revisions": revisions,
        "event": named if row["event_id"] else None,
        "work": work,
        "annotations": made,
        "quotes": quotes.of(row["text"], row["language"], made),
    }


@router.get("/articles/{article_id}/annotations", response_model=schemas.AnnotationList)
def list_annotations(
    article_id: str, store: Store, query: Annotated[AnnotationsQuery, Query()]
) -> dict[str, Any]:
    """Every label of an article with its provenance, newest first, replaced ones included."""
    with store.transaction() as conn:
        rows = labels.of_article(conn, article_id, current=query.current)
        if not rows and not articles.exists(conn, article_id):
            raise _no_article(article_id)
    return {"data": rows, "next_cursor": None, "meta": {"limit": len(rows), "total": len(rows)}}


def _no_article(article_id: str) -> NotFound:
    return NotFound("not-found", f"no article {article_id[:80]}")
