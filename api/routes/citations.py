"""Citations: any list or figure, made into something that can be found again and judged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api import addresses, citation_schemas, citation_texts, citing, then
from api.citing import Question
from api.deps import Store
from api.exports import asked
from api.exports.asked import ExportAsk, Plan
from api.filters import Seen
from api.pages import digest
from newsroom.errors import BadRequest
from newsroom.measured import measured
from newsroom.store.exporting import cut
from newsroom.store.reading import outlets, runs, slices

router = APIRouter(tags=["citations"])

NO_HISTORY = (
    "this list keeps no history: only articles, trends, comparisons and exports can be had as of a "
    "time"
)


@router.get("/cite", response_model=citation_schemas.Citation)
def cite(
    request: Request, store: Store, query: Annotated[citation_schemas.CiteQuery, Query()]
) -> dict[str, Any]:
    """How to cite what a list or figure answers, and what that answer rests on.

    Articles and trends are pinned to the run and the time of now, or to those they name: the call
    gives the same again, and the export with `export` as its body has `snapshot_id`.
    """
    question = _read(query.of)
    plan, why = _plan(store, question)
    now = datetime.now(UTC)
    moment = plan.as_of if plan else now
    with store.transaction() as conn:
        named = question.query.of_run() if isinstance(question.query, Seen) else None
        run = None if named is None else runs.seen(conn, **named)
        run = runs.named(conn, plan.run_id) if plan and plan.run_id else run
        run_id = runs.id_of(run)
        of_articles = question.of_articles
        span = None
        if of_articles is not None:
            span = slices.span(conn, plan.where() if plan else of_articles.where(run_id))
        spoken_of = of_articles or question.query
        first, last = citing.days(spoken_of, span, moment)
        chosen = getattr(spoken_of, "publisher", None) or None
        about = {"as_of": moment, "publisher": chosen, "first_day": first, "last_day": last}
        seen = cut.completeness(conn, about)
        known = chosen or outlets.ids(conn)
    values = citing.pinned(question, run_id, plan.as_of if plan else None)
    base = addresses.base(request)
    call = base + citing.address(question.path, values)
    permalink, left_out = citing.explored(question, values)
    query_id = digest(question.path, values, run)
    cited = citation_texts.Cited(
        method=question.kind.method,
        values=values,
        query_id=query_id,
        run_id=run_id,
        as_of=values.get("as_of"),
        snapshot_id=plan.snapshot_id if plan else None,
        url=call,
        at=now,
    )
    used = citing.labels_used(question.query)
    labeller = None if run is None else str(run["labeller"])
    return {
        "of": query.of,
        "query_id": query_id,
        "call": call,
        "pinned": plan is not None,
        "not_pinned": why,
        "as_of": plan and then.meta(plan.as_of, plan.ledger_version),
        "run": run,
        "snapshot_id": cited.snapshot_id,
        "export": _export(plan),
        "permalink": permalink and base + permalink,
        "permalink_leaves_out": left_out,
        "snippet": citing.snippet(base, question.kind.method, values),
        "text": citation_texts.texts(cited),
        "articles": span and span["articles"],
        "completeness": citing.completeness(seen, known, first, last),
        "validation": citing.validated(used, measured()["measures"], labeller),
        "retrieved_at": now,
    }


def _read(of: str) -> Question:
    try:
        return citing.read(of)
    except ValidationError as error:
        raise _refused(error) from error


def _plan(store: Store, question: Question) -> tuple[Plan | None, str | None]:
    """The export of the articles that a question is of; else why there is none."""
    if question.of_articles is None:
        return None, NO_HISTORY
    try:
        ask = ExportAsk.model_validate(question.slice())
        return asked.plan(store, ask), None
    except ValidationError as error:
        return None, str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    except BadRequest as error:
        if error.code != "as-of-unanswerable":
            raise
        return None, error.message


def _export(plan: Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    pins = {"as_of": citing.spelt(plan.as_of)}
    return plan.filters | pins | ({"run": plan.run_id} if plan.run_id else {})


def _refused(error: ValidationError) -> RequestValidationError:
    # What it says of a parameter inside is said as of one of the request itself.
    return RequestValidationError([{**e, "loc": ("query", *e["loc"])} for e in error.errors()])
