"""Take due articles, label them, store labels and vectors. The only effects of labelling.

lease (committed) → read texts → hide outlet and reporters → label → store labels and mark done in
one transaction, if the lease is still ours. A refusal quarantines its article under its code, a
passing fault puts it back, a fault of the labeller the whole batch.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

import newsroom
from annotator import blind
from annotator.labellers.base import ArticleInput, Asked, Labelled, Labeller, Outcome
from annotator.longdoc import runner as longdoc
from newsroom import ids
from newsroom.db import Conn, Database
from newsroom.errors import Later, NewsroomError, Refused
from newsroom.records import Annotation, Answer, Run, WorkStage
from newsroom.settings import Work
from newsroom.store import annotations as labels
from newsroom.store import answers, embeddings, texts, work
from newsroom.store.texts import Text
from newsroom.store.work import Lease

if TYPE_CHECKING:
    from annotator.recalling import Past

log = structlog.get_logger()
MESSAGE_CHARS = 500
LONG_CHARS = 20_000  # no text below it has more than a thousand sentences worth the name


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A labeller with its codebook and the run that its labels belong to.

    ``batch`` is the most articles it should be given at once, None: as many as are leased.
    """

    labeller: Labeller
    run: Run
    codebook: Mapping[str, object]
    batch: int | None = None


def bench(
    labeller: Labeller,
    *,
    version: str,
    digest: str,
    codebook: Mapping[str, object],
    batch: int | None = None,
) -> Bench:
    """Bind a labeller to a codebook. The run's id is the digest of all that decides a label."""
    asked = labeller.asked or Asked(prompt_digest="", settings={})
    settings = json.dumps(asked.settings, sort_keys=True)
    run = Run(
        run_id=ids.run_id(
            labeller.id,
            labeller.revision,
            version,
            digest,
            blind.digest(),
            asked.prompt_digest,
            settings,
        ),
        labeller=labeller.id,
        labeller_revision=labeller.revision,
        codebook_version=version,
        codebook_digest=digest,
        prompt_digest=asked.prompt_digest or None,
        code_version=newsroom.__version__,
        settings=asked.settings,
    )
    return Bench(labeller=labeller, run=run, codebook=codebook, batch=batch)


Recollect = Callable[[Sequence[Text]], "Past"]


def label_due(
    db: Database,
    bench: Bench,
    limits: Work,
    recollect: Recollect | None = None,
    *,
    stage: str = WorkStage.LABEL,
) -> int:
    """Label one batch of what is due; how many articles were taken (0: nothing to do).

    ``recollect`` gives the past of a batch, for a labeller that recalls; ``stage`` is another for
    work that is due for one run only.
    """
    batch = min(limits.batch, bench.batch or limits.batch)
    with db.transaction() as conn:
        leases = work.lease(conn, stage, batch=batch, lease_s=limits.lease_s)
    if not leases:
        return 0
    started = time.monotonic()
    try:
        with db.transaction() as conn:
            read = texts.of_revisions(conn, [(x.article_id, x.content_sha256) for x in leases])
        past = recollect(read) if recollect is not None and bench.labeller.recalls else None
        outcomes = answers_to(bench.labeller, read, past)
    except Exception as error:  # whatever a model throws, its articles go back, none is lost
        put_back(db, leases, error, limits, "labeller-failed")
        return len(leases)
    _store(db, bench, leases, outcomes, limits, None if past is None else past.sequence)
    if stage == WorkStage.LABEL:
        _plan_long_ones(db, read)
    log.info(
        "labelled",
        articles=len(leases),
        refused=sum(isinstance(o, Refused) for o in outcomes.values()),
        put_back=sum(isinstance(o, Later) for o in outcomes.values()),
        seconds=round(time.monotonic() - started, 3),
        labeller=bench.labeller.id,
    )
    return len(leases)


def answers_to(labeller: Labeller, read: Sequence[Text], past: Past | None) -> dict[str, Outcome]:
    """What a labeller says of stored texts, by article, each without its outlet and reporters."""
    inputs = [_blinded(text) for text in read]
    outcomes = zip(read, labeller.label(inputs, past), strict=True)
    return {text.article_id: outcome for text, outcome in outcomes}


def _plan_long_ones(db: Database, read: Sequence[Text]) -> None:
    """Speakers of documents over the knee are read in chunks, by whoever is free."""
    for text in read:
        if len(text.text) >= LONG_CHARS:
            with db.transaction() as conn:
                longdoc.plan_if_long(conn, text.article_id, text.text)


def _blinded(read: Text) -> ArticleInput:
    hidden = blind.blind(
        read.title, read.text, names=[read.publisher], domain=read.domain, bylines=read.bylines
    )
    day = read.published_at.date() if read.dated else None
    return ArticleInput(title=hidden.title, text=hidden.text, on=day)


def _store(
    db: Database,
    bench: Bench,
    leases: Sequence[Lease],
    outcomes: Mapping[str, Outcome],
    limits: Work,
    sequence: int | None,
) -> None:
    rows: list[Annotation] = []
    said: list[Answer] = []
    vectors = {}
    with db.transaction() as conn:
        labels.start_run(conn, bench.run, bench.codebook)
        for lease in leases:
            outcome = outcomes.get(lease.article_id)
            if outcome is None:
                outcome = Refused("text-missing", "the article's text is not in the store")
            if isinstance(outcome, Refused):
                if work.quarantine(conn, lease, outcome.code, outcome.message):
                    refused = (lease.article_id, lease.content_sha256)
                    labels.refuse(conn, bench.run.run_id, *refused, outcome.code, outcome.message)
            elif isinstance(outcome, Later):
                _retry(conn, lease, outcome, limits)
            elif work.finish(conn, lease):
                rows += _annotations(bench.run, lease, outcome, sequence)
                said += outcome.answers
                if outcome.vector is not None:
                    vectors[lease.content_sha256] = outcome.vector
        answers.add(conn, bench.run.run_id, said)
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
            sentence=label.sentence,
            label=label.label,
            score=label.score,
            confidence=label.confidence,
            distribution=label.distribution,
            scale=label.scale,
            validated=label.validated,
            text=label.text,
            reason=label.reason,
            evidence=label.evidence,
            labeller=run.labeller,
            labeller_revision=run.labeller_revision,
            codebook_version=run.codebook_version,
            prompt_digest=run.prompt_digest,
            run_id=run.run_id,
            memory_sequence=sequence if label.recalls else None,
            answer_id=label.answer_id,
        )
        for label in labelled.labels
    ]


def _retry(conn: Conn, lease: Lease, error: Later, limits: Work) -> None:
    work.retry(
        conn, lease, error.code, error.message[:MESSAGE_CHARS], delay_s=error.delay_s,
        attempts_max=limits.attempts_max,
    )  # fmt: skip


def put_back(
    db: Database, leases: Sequence[Lease], error: Exception, limits: Work, unnamed: str
) -> None:
    """After a fault in a batch nobody knows whose it was: each is tried again alone, at once.

    ``unnamed`` is the code of an error that has none.
    """
    code = error.code if isinstance(error, NewsroomError) else unnamed
    delay_s = error.delay_s if isinstance(error, Later) else 0.0 if len(leases) > 1 else None
    message = f"{type(error).__name__}: {error}"[:MESSAGE_CHARS]
    with db.transaction() as conn:
        for lease in leases:
            work.retry(
                conn, lease, code, message, delay_s=delay_s, attempts_max=limits.attempts_max
            )
    log.warning("put-back", code=code, articles=len(leases), message=message)
