"""Take due articles, label them, store labels and vectors. The only effects of labelling.

lease (committed) → read texts → label → store labels and mark done in one transaction, if the
lease is still ours. A refusal quarantines its article under its code; a fault puts the batch back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

import newsroom
from annotator.labellers.base import ArticleInput, Labelled, Labeller
from newsroom import ids
from newsroom.db import Database
from newsroom.errors import Later, NewsroomError, Refused
from newsroom.records import Annotation, Run, WorkStage
from newsroom.settings import Work
from newsroom.store import annotations as labels
from newsroom.store import embeddings, texts, work
from newsroom.store.texts import Text
from newsroom.store.work import Lease

if TYPE_CHECKING:
    from annotator.recalling import Past

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A labeller with its codebook and the run that its labels belong to."""

    labeller: Labeller
    run: Run
    codebook: Mapping[str, object]


def bench(
    labeller: Labeller, *, version: str, digest: str, codebook: Mapping[str, object]
) -> Bench:
    """Bind a labeller to a codebook. The run's id is the digest of both."""
    run = Run(
        run_id=ids.run_id(labeller.id, labeller.revision, version, digest),
        labeller=labeller.id,
        labeller_revision=labeller.revision,
        codebook_version=version,
        codebook_digest=digest,
        prompt_digest=None,
        code_version=newsroom.__version__,
    )
    return Bench(labeller=labeller, run=run, codebook=codebook)


Recollect = Callable[[Sequence[Text]], "Past"]


def label_due(db: Database, bench: Bench, limits: Work, recollect: Recollect | None = None) -> int:
    """Label one batch of what is due; how many articles were taken (0: nothing to do).

    ``recollect`` gives the past of a batch, for a labeller that recalls.
    """
    with db.transaction() as conn:
        leases = work.lease(conn, WorkStage.LABEL, batch=limits.batch, lease_s=limits.lease_s)
    if not leases:
        return 0
    started = time.monotonic()
    try:
        with db.transaction() as conn:
            read = texts.of_revisions(conn, [(x.article_id, x.content_sha256) for x in leases])
        past = recollect(read) if recollect is not None and bench.labeller.recalls else None
        outcomes = _label(bench.labeller, read, past)
    except Exception as error:  # whatever a model throws, its articles go back, none is lost
        put_back(db, leases, error, limits, "labeller-failed")
        return len(leases)
    _store(db, bench, leases, outcomes, None if past is None else past.sequence)
    log.info(
        "labelled",
        articles=len(leases),
        refused=sum(isinstance(o, Refused) for o in outcomes.values()),
        seconds=round(time.monotonic() - started, 3),
        labeller=bench.labeller.id,
    )
    return len(leases)


def _label(
    labeller: Labeller, read: Sequence[Text], past: Past | None
) -> dict[str, Labelled | Refused]:
    inputs = [ArticleInput(title=t.title, text=t.text) for t in read]
    outcomes = zip(read, labeller.label(inputs, past), strict=True)
    return {text.article_id: outcome for text, outcome in outcomes}


def _store(
    db: Database,
    bench: Bench,
    leases: Sequence[Lease],
    outcomes: Mapping[str, Labelled | Refused],
    sequence: int | None,
) -> None:
    rows: list[Annotation] = []
    vectors = {}
    with db.transaction() as conn:
        labels.start_run(conn, bench.run, bench.codebook)
        for lease in leases:
            outcome = outcomes.get(lease.article_id)
            if outcome is None:
                outcome = Refused("text-missing", "the article's text is not in the store")
            if isinstance(outcome, Refused):
                work.quarantine(conn, lease, outcome.code, outcome.message)
            elif work.finish(conn, lease):
                rows += _annotations(bench.run, lease, outcome, sequence)
                if outcome.vector is not None:
                    vectors[lease.content_sha256] = outcome.vector
        labels.add(conn, rows)
        if vectors and bench.labeller.encoder is not None:
            embeddings.add(conn, bench.labeller.encoder, vectors)


def _annotations(
    run: Run, lease: Lease, labelled: Labelled, sequence: int | None
) -> list[Annotation]:
    return [
        Annotation(
            article_id=lease.article_id,
            content_sha256=lease.content_sha256,
            stage=label.stage,
            scope=label.scope,
            label=label.label,
            score=label.score,
            confidence=label.confidence,
            distribution=label.distribution,
            scale=label.scale,
            validated=label.validated,
            reason=label.reason,
            evidence=label.evidence,
            labeller=run.labeller,
            labeller_revision=run.labeller_revision,
            codebook_version=run.codebook_version,
            prompt_digest=run.prompt_digest,
            run_id=run.run_id,
            memory_sequence=sequence if label.recalls else None,
        )
        for label in labelled.labels
    ]


def put_back(
    db: Database, leases: Sequence[Lease], error: Exception, limits: Work, unnamed: str
) -> None:
    """After a fault in a batch nobody knows whose it was: each is tried again alone, at once.

    ``unnamed`` is the code of an error that has none.
    """
    code = error.code if isinstance(error, NewsroomError) else unnamed
    delay_s = error.delay_s if isinstance(error, Later) else 0.0 if len(leases) > 1 else None
    message = f"{type(error).__name__}: {error}"[:500]
    with db.transaction() as conn:
        for lease in leases:
            work.retry(
                conn, lease, code, message, delay_s=delay_s, attempts_max=limits.attempts_max
            )
    log.warning("put-back", code=code, articles=len(leases), message=message)
