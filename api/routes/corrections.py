"""Corrections: disputes of labels, labels that people give, and the public change log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api import correction_schemas as schemas
from api import lists, problems
from api.deps import Store, require
from api.filters import Nothing
from api.pages import Key
from api.writing import Asking
from newsroom.db import Conn
from newsroom.errors import BadRequest, NotFound
from newsroom.keys import Scope
from newsroom.store import disputes
from newsroom.store.disputes import Label
from newsroom.store.reading import corrections
from newsroom.text import sentences

router = APIRouter(tags=["corrections"])


@router.get("/disputes", response_model=schemas.DisputePage)
def list_disputes(
    request: Request, store: Store, query: Annotated[schemas.DisputesQuery, Query()]
) -> Response:
    """Disputed labels, newest first, each with what was decided."""
    asked = {"article": query.article, "state": query.state}
    return lists.walked(
        request,
        store,
        query,
        schemas.DisputePage,
        name="disputes",
        columns={"dispute_id": int},
        rows=lambda conn, after, rows: corrections.disputes(
            conn, **asked, before=after and after[0], rows=rows
        ),
        count=lambda conn: corrections.count_disputes(conn, **asked),
    )


@router.get("/disputes/{dispute_id}", response_model=schemas.Dispute)
def get_dispute(
    dispute_id: str, store: Store, _query: Annotated[Nothing, Query()]
) -> dict[str, Any]:
    """One dispute."""
    with store.transaction() as conn:
        return corrections.dispute(conn, _number(dispute_id, "dispute"))


@router.post(
    "/disputes", response_model=schemas.Dispute, status_code=201, responses=problems.WRITING
)
def create_dispute(
    said: schemas.NewDispute, asking: Annotated[Asking, Depends()]
) -> dict[str, Any]:
    """Say that a label is wrong. It is public, under the name of the key, and stays.

    Needs a key with the scope `dispute`.
    """
    key = require(asking.caller, Scope.DISPUTE)
    label, _ = _target(asking.store, said)
    words = said.model_dump(include={"wrong", "suggested_label", "suggested_score", "reason"})
    made = asking.once(
        key, said, lambda conn: f"/v1/disputes/{disputes.dispute(conn, label, words, key)}"
    )
    with asking.store.transaction() as conn:
        return corrections.dispute(conn, int(made))


@router.get("/overrides", response_model=schemas.OverridePage)
def list_overrides(
    request: Request, store: Store, query: Annotated[schemas.OverridesQuery, Query()]
) -> Response:
    """Labels that people gave, newest first."""
    return lists.walked(
        request,
        store,
        query,
        schemas.OverridePage,
        name="overrides",
        columns={"override_id": int},
        rows=lambda conn, after, rows: corrections.overrides(
            conn, article=query.article, before=after and after[0], rows=rows
        ),
        count=lambda conn: corrections.count_overrides(conn, article=query.article),
    )


@router.get("/overrides/{override_id}", response_model=schemas.Override)
def get_override(
    override_id: str, store: Store, _query: Annotated[Nothing, Query()]
) -> dict[str, Any]:
    """One label that a person gave."""
    with store.transaction() as conn:
        return corrections.override(conn, _number(override_id, "override"))


@router.post(
    "/overrides", response_model=schemas.Override, status_code=201, responses=problems.WRITING
)
def create_override(
    said: schemas.NewOverride, asking: Annotated[Asking, Depends()]
) -> dict[str, Any]:
    """Give a label. It stands beside those of runs, as an annotation of `human:<name of the key>`.

    Needs a key with the scope `annotate`.
    """
    key = require(asking.caller, Scope.ANNOTATE)
    label, codebook = _target(asking.store, said)
    _in_codebook(codebook, said)
    if said.dispute_id is not None:
        with asking.store.transaction() as conn:
            answered = corrections.dispute(conn, said.dispute_id)
        if answered["article_id"] != said.article_id:
            raise BadRequest(
                "bad-parameter", "the dispute is about another article", field="dispute_id"
            )
    words = said.model_dump(include={"label", "score", "reason", "evidence"})

    def add(conn: Conn) -> str:
        number = disputes.override(conn, label, words, key, dispute_id=said.dispute_id)
        return f"/v1/overrides/{number}"

    made = asking.once(key, said, add)
    with asking.store.transaction() as conn:
        return corrections.override(conn, int(made))


@router.get("/changes", response_model=schemas.ChangeLog)
def list_changes(
    request: Request, store: Store, query: Annotated[schemas.ChangesQuery, Query()]
) -> Response:
    """What people changed in what readers see, newest first.

    Disputes and what was decided, labels of people, edits of events, promoted runs, takedowns.
    """

    def page(conn: Conn, after: Key | None, rows: int) -> list[dict[str, Any]]:
        at, last = after or (None, None)
        return corrections.changes(conn, kind=query.kind, before_at=at, before_id=last, rows=rows)

    return lists.walked(
        request,
        store,
        query,
        schemas.ChangeLog,
        name="changes",
        columns={"at": datetime, "change_id": str},
        rows=page,
        count=lambda conn: corrections.count_changes(conn, kind=query.kind),
    )


def _target(store: Store, said: schemas.Spoken) -> tuple[Label, Mapping[str, Any]]:
    """The label that is spoken of, and the codebook it is under; a sentence must be there."""
    with store.transaction() as conn:
        label, text, codebook = corrections.target(
            conn,
            said.article_id,
            said.run,
            stage=said.stage,
            scope=said.scope,
            sentence=said.sentence,
        )
    evidence = said.evidence if isinstance(said, schemas.NewOverride) else []
    named = [n for n in (said.sentence, *evidence) if n is not None]
    if named and max(named) >= (there := len(sentences(text))):
        field = "sentence" if said.sentence is not None and said.sentence >= there else "evidence"
        raise BadRequest("bad-parameter", f"the text has {there} sentences", field=field)
    return label, codebook


def _in_codebook(codebook: Mapping[str, Any], said: schemas.NewOverride) -> None:
    """Raise BadRequest for a label that the question does not have, or a score without a scale."""
    question = codebook.get("questions", {}).get(said.stage.value, {})
    known = [label["id"] for label in question.get("labels", [])]
    if said.label is not None and said.label not in known:
        near = f"{', '.join(known[:12])} …" if len(known) > 12 else ", ".join(known) or "none"
        raise BadRequest("bad-parameter", f"labels of {said.stage}: {near}", field="label")
    if said.score is not None and not question.get("scale"):
        raise BadRequest("bad-parameter", f"{said.stage} has no scale", field="score")


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise NotFound("not-found", f"no {what} {text[:80]}")
    return int(text)
