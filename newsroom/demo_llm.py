"""The demo's second run: some articles labelled by a served model. A composition root."""

from __future__ import annotations

from typing import Any

from rich.progress import Progress

from annotator import runner
from annotator.labellers import choose
from annotator.runs import panel
from newsroom import model_server
from newsroom.db import Database
from newsroom.settings import Settings
from newsroom.store import annotations as labels
from newsroom.store import runs, work
from newsroom.store.reading import drift
from newsroom.store.reading import runs as reading

PANEL, ARTICLES = "demo", 3
# What a model of 135 million parameters can bear: no marks between words, no long list of topics.
SMALL = {
    "questions": "takeaways,lean,tone,headline",
    "datamark": False,
    "draws": 0,
    "concurrency": model_server.SLOTS,
    "timeout_s": 600.0,
}


def label(settings: Settings, db: Database, progress: Progress) -> dict[str, Any]:
    """Label the panel by the embedded model server; the run readers see, and the new one."""
    with model_server.running(settings.home) as address:
        served = settings.llm.model_copy(update={**SMALL, "base_url": address})
        bench = choose.bench(settings.model_copy(update={"llm": served}), "vllm")
        run_id = bench.run.run_id
        with db.transaction() as conn:
            if drift.panel(conn, PANEL) is None:
                drawn = panel.allocate(runs.strata(conn, None, None), ARTICLES)
                runs.add_panel(conn, PANEL, drawn, seed=1, since=None, until=None)
            labels.start_run(conn, bench.run, bench.codebook)
            due = work.make_due_for_run(conn, run_id, PANEL)
        bar = progress.add_task("ask model", total=due)
        while taken := runner.label_due(db, bench, settings.work, stage=work.run_stage(run_id)):
            progress.advance(bar, taken)
        with db.transaction() as conn:
            promoted = reading.promoted(conn)
    assert promoted is not None  # the first run was
    return {
        "promoted": promoted["run_id"],
        "run": run_id,
        "model": model_server.MODEL_ID,
        "panel": PANEL,
    }
